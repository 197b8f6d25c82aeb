//! The rules: those that come with Vigie, and what the organisation makes of them. Anybody reads them; who looks after
//! the organisation changes them from the page, alone where it adds care, with a second person where it takes care away
//! or changes what a review must bring.

pub mod api;
pub mod cli;
pub mod describe;
pub mod docs;
pub mod force;
pub mod lists;
pub mod own;
pub mod page;
pub mod profile;
pub mod simple;
pub mod steps;

use vigie_core::rights::Act;

use crate::web::limit::Rate;
use crate::web::route::{Route, Who};

/// The routes of this room.
pub fn routes() -> Vec<Route> {
    let (read, change) = (Who::Member(Act::Read), Who::Member(Act::ProposeChange));
    vec![
        Route::get("/rules", read, page::list),
        Route::get("/rules/lists", change, lists::show),
        Route::post("/rules/lists", change, lists::save).rate(Rate::COSTLY),
        Route::get("/rules/profile", read, profile::show),
        Route::post("/rules/profile", change, profile::save).rate(Rate::COSTLY),
        Route::get("/rules/new", change, own::new),
        Route::post("/rules/own", change, own::save_simple).rate(Rate::COSTLY),
        Route::post("/rules/own/text", change, own::save_text).rate(Rate::COSTLY),
        Route::get("/rules/{id}", read, page::show),
        Route::get("/rules/{id}/edit", change, own::edit),
        Route::post("/rules/{id}/switch", change, page::switch).rate(Rate::COSTLY),
        Route::post("/rules/{id}/weigh", change, page::weigh).rate(Rate::COSTLY),
        Route::post("/rules/{id}/remove", change, own::remove).rate(Rate::COSTLY),
        Route::get("/api/v1/rules", Who::Token(Act::Read), api::list),
        Route::get("/api/v1/rules/{id}", Who::Token(Act::Read), api::show),
    ]
}
