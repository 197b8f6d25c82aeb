//! Every part of the pages on one page, to look at while changing the style sheet:
//! `cargo run -p vigie --features testing --example gallery`, then http://localhost:8421/gallery

use askama::Template;
use axum::{extract::State, response::Response};
use std::net::SocketAddr;
use vigie::{
    app::App,
    testing::TestApp,
    web::{
        self,
        error::Error,
        form::Form,
        frame::{Frame, Page, PauseBanner},
        route::{Route, Who},
        viewer::{Signed, Viewer},
    },
};
use vigie_core::{
    id::{MemberId, SessionId},
    member::Role,
};

#[derive(Template)]
#[template(path = "../examples/gallery.html")]
struct Gallery {
    page: Page,
    form: Form,
}

fn form() -> Form {
    let mut form = Form::new()
        .with("name", "Atelier Brume")
        .with("mail", "elodie@")
        .with("may", "yes");
    form.wrong_key("mail", "form-required");
    form
}

async fn gallery(State(app): State<App>, mut viewer: Viewer) -> Result<Response, Error> {
    viewer.signed = Some(Signed {
        id: MemberId::new(uuid::Uuid::nil()),
        name: "Élodie Marchand".to_owned(),
        role: Role::Steward,
        reviewer: true,
        lang: viewer.lang,
        session: SessionId::new(uuid::Uuid::nil()),
        step_up_at: None,
    });
    let frame = Frame::of(&app, viewer).await?;
    let mut page = frame.page("home-title");
    page.organisation = "Atelier Brume".to_owned();
    page.pause = Some(PauseBanner {
        by: "Tom Okafor".to_owned(),
        when: page.w.t1("ago-minutes", "n", 5),
        reason: "Something looks wrong with Friday’s offer".to_owned(),
        asked_by: None,
    });
    page.counts = vec![("/posts", 3), ("/alarms", 1)];
    web::html(&Gallery { page, form: form() })
}

async fn doorway(frame: Frame) -> Result<Response, Error> {
    web::html(&Gallery {
        page: frame.page("home-title"),
        form: form(),
    })
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let test = TestApp::new().await;
    let mut routes = vigie::app::routes();
    routes.push(Route::get("/gallery", Who::Anyone, gallery));
    routes.push(Route::get("/doorway", Who::Anyone, doorway));
    let router = web::dress(&test.app, web::route::mount(&test.app, routes));
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 8421)).await?;
    axum::serve(
        listener,
        router.into_make_service_with_connect_info::<SocketAddr>(),
    )
    .await?;
    Ok(())
}
