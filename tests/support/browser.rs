//! Headless Chromium, driven through Debian's chromedriver, with a virtual passkey and axe-core.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use thirtyfour::prelude::*;

use super::server::{cryptography, free_port, looks, write};

/// One browser with its own profile: one person.
pub struct Browser {
    driver: Option<WebDriver>,
    chromedriver: Child,
    _profile: tempfile::TempDir,
}

/// The widths that every page is looked at in.
#[derive(Clone, Copy, Debug)]
pub enum Width {
    /// 1280 × 900.
    Desktop,
    /// 390 × 844, a common phone.
    Phone,
}

impl Browser {
    /// Opens a browser that prefers `lang` (`fr` or `en`).
    pub async fn open(lang: &str) -> Self {
        cryptography();
        let port = free_port();
        let chromedriver = Command::new("chromedriver")
            .arg(format!("--port={port}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver starts; `make test` installs it");
        let profile = tempfile::tempdir().expect("a profile folder");
        let mut wants = DesiredCapabilities::chrome();
        for arg in [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--disable-dev-shm-usage",
            "--hide-scrollbars",
        ] {
            wants.add_arg(arg).expect("a flag");
        }
        wants.add_arg(&format!("--lang={lang}")).expect("a flag");
        wants
            .add_arg(&format!("--accept-lang={lang}"))
            .expect("a flag");
        wants
            .add_arg(&format!("--user-data-dir={}", profile.path().display()))
            .expect("a flag");
        let until = Instant::now() + Duration::from_secs(30);
        let driver = loop {
            match WebDriver::new(format!("http://127.0.0.1:{port}"), wants.clone()).await {
                Ok(driver) => break driver,
                Err(error) => assert!(Instant::now() < until, "no browser: {error}"),
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        };
        let browser = Self {
            driver: Some(driver),
            chromedriver,
            _profile: profile,
        };
        browser.width(Width::Desktop).await;
        browser
    }

    /// The WebDriver session.
    pub fn driver(&self) -> &WebDriver {
        self.driver.as_ref().expect("open")
    }

    /// Plugs in a virtual authenticator that says yes: resident keys, user verification.
    pub async fn plug_in_passkey(&self) {
        let cdp = self.driver().cdp();
        cdp.send_raw("WebAuthn.enable", json!({}))
            .await
            .expect("WebAuthn domain");
        cdp.send_raw(
            "WebAuthn.addVirtualAuthenticator",
            json!({ "options": {
                "protocol": "ctap2", "transport": "internal",
                "hasResidentKey": true, "hasUserVerification": true,
                "isUserVerified": true, "automaticPresenceSimulation": true,
            }}),
        )
        .await
        .expect("a virtual authenticator");
    }

    /// Sets the size of the page.
    pub async fn width(&self, width: Width) {
        let (width, height, mobile) = match width {
            Width::Desktop => (1280, 900, false),
            Width::Phone => (390, 844, true),
        };
        self.driver()
            .cdp()
            .send_raw(
                "Emulation.setDeviceMetricsOverride",
                json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": mobile }),
            )
            .await
            .expect("a page size");
    }

    /// Light or dark, as the system would say it.
    pub async fn scheme(&self, dark: bool) {
        let value = if dark { "dark" } else { "light" };
        self.driver()
            .cdp()
            .send_raw(
                "Emulation.setEmulatedMedia",
                // Without motion: colours that are still changing are neither the old look nor the new one.
                json!({ "features": [
                    { "name": "prefers-color-scheme", "value": value },
                    { "name": "prefers-reduced-motion", "value": "reduce" },
                ] }),
            )
            .await
            .expect("a colour scheme");
    }

    /// Turns scripts of the page off (or on again), as some people do.
    pub async fn scripts(&self, on: bool) {
        self.driver()
            .cdp()
            .send_raw(
                "Emulation.setScriptExecutionDisabled",
                json!({ "value": !on }),
            )
            .await
            .expect("scripts on or off");
    }

    /// Goes to a page.
    pub async fn go(&self, url: &str) {
        self.driver().goto(url).await.expect("the page opens");
    }

    /// Waits up to ten seconds for an element.
    ///
    /// # Panics
    /// When it does not come; the message holds the page's text.
    pub async fn find(&self, css: &str) -> WebElement {
        let until = Instant::now() + Duration::from_secs(10);
        loop {
            if let Ok(element) = self.driver().find(By::Css(css)).await {
                return element;
            }
            if Instant::now() > until {
                let url = self.driver().current_url().await.map(|u| u.to_string());
                let text = match self.driver().find(By::Css("body")).await {
                    Ok(body) => body.text().await.unwrap_or_default(),
                    Err(_) => String::new(),
                };
                panic!("no `{css}` on {url:?}:\n{text}");
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// True when an element is there now.
    pub async fn has(&self, css: &str) -> bool {
        self.driver().find(By::Css(css)).await.is_ok()
    }

    /// Clicks an element, scrolled to the middle first so that no bar covers it.
    pub async fn click(&self, css: &str) {
        let element = self.find(css).await;
        self.driver()
            .execute(
                "arguments[0].scrollIntoView({block:'center',behavior:'instant'})",
                vec![element.to_json().expect("a reference")],
            )
            .await
            .expect("scrolled");
        element
            .click()
            .await
            .unwrap_or_else(|error| panic!("click on `{css}`: {error}"));
    }

    /// Clicks what leads to another page and waits up to twenty seconds until that page is there.
    ///
    /// # Panics
    /// When it does not come.
    pub async fn leave(&self, css: &str) {
        self.mark().await;
        self.click(css).await;
        self.arrive(css).await;
    }

    /// Chooses a file and waits for the page that comes with it: a script sends it at once.
    ///
    /// # Panics
    /// When it does not come.
    pub async fn attach(&self, css: &str, file: &Path) {
        self.mark().await;
        let field = self.find(css).await;
        field
            .send_keys(file.display().to_string())
            .await
            .expect("chosen");
        self.arrive(css).await;
    }

    async fn mark(&self) {
        self.driver()
            .execute("window.before = true", vec![])
            .await
            .expect("marked");
    }

    async fn arrive(&self, css: &str) {
        let until = Instant::now() + Duration::from_secs(20);
        let there = "return window.before === undefined && document.readyState === 'complete'";
        loop {
            // While one page gives way to the next there is none to ask.
            if let Ok(answer) = self.driver().execute(there, vec![]).await
                && answer.convert::<bool>().unwrap_or(false)
            {
                return;
            }
            assert!(Instant::now() < until, "`{css}` led nowhere");
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
    }

    /// Empties a field and types into it.
    pub async fn fill(&self, css: &str, text: &str) {
        let element = self.find(css).await;
        element.clear().await.expect("cleared");
        element.send_keys(text).await.expect("typed");
    }

    /// The text of the whole page.
    pub async fn text(&self) -> String {
        self.find("body").await.text().await.expect("text")
    }

    /// Waits up to `seconds` until the page, loaded again and again, holds `words`.
    pub async fn until_text(&self, words: &str, seconds: u64) {
        let until = Instant::now() + Duration::from_secs(seconds);
        loop {
            let text = self.text().await;
            if text.contains(words) {
                return;
            }
            assert!(
                Instant::now() < until,
                "the page never said `{words}`:\n{text}"
            );
            tokio::time::sleep(Duration::from_millis(250)).await;
            self.driver().refresh().await.expect("loaded again");
        }
    }

    /// Waits up to `seconds` until the page, loaded again and again, holds an element.
    pub async fn until(&self, css: &str, seconds: u64) {
        let until = Instant::now() + Duration::from_secs(seconds);
        while !self.has(css).await {
            assert!(
                Instant::now() < until,
                "the page never had `{css}`:\n{}",
                self.text().await
            );
            tokio::time::sleep(Duration::from_millis(250)).await;
            self.driver().refresh().await.expect("loaded again");
        }
    }

    /// The texts of all elements that are there now.
    pub async fn texts(&self, css: &str) -> Vec<String> {
        let mut texts = Vec::new();
        for element in self.driver().find_all(By::Css(css)).await.expect("a list") {
            texts.push(element.text().await.expect("text"));
        }
        texts
    }

    /// Takes a picture of the whole page into `target/looks/NAME.png`.
    pub async fn look(&self, name: &str) {
        // What sticks to the edges of the page stands where it begins and ends.
        self.driver()
            .execute("scrollTo({top: 0, behavior: 'instant'})", vec![])
            .await
            .expect("scrolled");
        let size = self
            .driver()
            .cdp()
            .send_raw(
                "Page.captureScreenshot",
                json!({ "format": "png", "captureBeyondViewport": true }),
            )
            .await
            .expect("a picture");
        let data = size["data"].as_str().expect("base64");
        use base64::Engine;
        let bytes = base64::engine::general_purpose::STANDARD
            .decode(data)
            .expect("base64");
        write(&looks(&format!("{name}.png")), &bytes);
    }

    /// Runs axe-core on the page and fails on a serious or critical finding.
    pub async fn axe(&self, name: &str) {
        let source = std::fs::read_to_string(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../web/node_modules/axe-core/axe.min.js"
        ))
        .expect("axe-core; `make assets` installs it");
        self.driver()
            .execute(source.as_str(), vec![])
            .await
            .expect("axe loads");
        let found = self
            .driver()
            .execute_async(
                "const done = arguments[0]; \
                 axe.run(document, {resultTypes:['violations']}).then(r => done(r.violations.map(v => \
                 ({id:v.id, impact:v.impact, help:v.help, nodes:v.nodes.slice(0,4).map(n => n.html + ' ' + (n.failureSummary||''))}))))\
                 .catch(e => done([{id:'axe', impact:'critical', help:String(e), nodes:[]}]));",
                vec![],
            )
            .await
            .expect("axe runs");
        let found: Vec<Value> = found.convert().expect("a list");
        let serious: Vec<&Value> = found
            .iter()
            .filter(|v| matches!(v["impact"].as_str(), Some("serious" | "critical")))
            .collect();
        assert!(
            serious.is_empty(),
            "axe on {name}: {}",
            serde_json::to_string_pretty(&serious).expect("json")
        );
    }

    /// True when something on the page is wider than the page (a phone would scroll sideways).
    pub async fn overflows(&self) -> bool {
        self.driver()
            .execute(
                "return document.documentElement.scrollWidth > document.documentElement.clientWidth + 1",
                vec![],
            )
            .await
            .expect("measured")
            .convert()
            .expect("a boolean")
    }

    /// Closes the browser.
    pub async fn close(mut self) {
        if let Some(driver) = self.driver.take() {
            let _ = driver.quit().await;
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        if let Some(driver) = self.driver.take() {
            let _ = driver.leak();
        }
        let _ = self.chromedriver.kill();
        let _ = self.chromedriver.wait();
    }
}
