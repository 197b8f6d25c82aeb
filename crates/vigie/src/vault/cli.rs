//! `vigie vault`: the root keys, on the machine that holds them.

use std::io::{BufRead as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use clap::{Args, Subcommand};
use vigie_core::vault::{RootKeys, escrow};
use zeroize::Zeroizing;

use crate::cli::{Settings, Speech};

/// The vault's root keys: split them among people, bring them back.
#[derive(Debug, Args)]
pub struct Vault {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// Split the vault key among people, so that several of them together can bring it back.
    ///
    /// Prints one share a person, once. Hand each to one person, on paper; Vigie keeps none.
    #[command(after_help = "Example:\n  vigie vault escrow --needed 3 --people 5")]
    Escrow {
        #[command(flatten)]
        settings: Settings,
        /// How many shares bring the key back (at least 2).
        #[arg(long, value_name = "K")]
        needed: u8,
        /// How many shares to make.
        #[arg(long, value_name = "N")]
        people: u8,
        /// Write each share to DIR/share-1.txt … instead of printing them.
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
        #[command(flatten)]
        speech: Speech,
    },
    /// Put a new root key in force, and wrap every sealed secret with it.
    ///
    /// Stop the server first. The old key stays in the key file until every secret is under the new one, so that an
    /// interruption at any point leaves a vault that opens; run the command again to finish.
    #[command(after_help = "Example:\n  vigie vault rotate --data /var/lib/vigie")]
    Rotate {
        #[command(flatten)]
        settings: Settings,
        #[command(flatten)]
        speech: Speech,
    },
    /// Bring the vault key back from shares, typed or in files, and write it to its file.
    ///
    /// Refuses to replace a key file that is there.
    #[command(after_help = "Example:\n  vigie vault recover share-1.txt share-4.txt share-5.txt")]
    Recover {
        #[command(flatten)]
        settings: Settings,
        /// Files with one share each; standard input, one share a line, when there is none.
        shares: Vec<PathBuf>,
        #[command(flatten)]
        speech: Speech,
    },
}

/// Runs the command.
///
/// # Errors
/// Says what is wrong without showing a share or a key.
pub fn run(args: Vault) -> Result<ExitCode> {
    match args.act {
        Act::Escrow {
            settings,
            needed,
            people,
            out,
            speech,
        } => split(&settings, needed, people, out.as_deref(), &speech),
        Act::Recover {
            settings,
            shares,
            speech,
        } => recover(&settings, &shares, &speech),
        Act::Rotate { settings, speech } => rotate(&settings, &speech),
    }
}

fn split(
    settings: &Settings,
    needed: u8,
    people: u8,
    out: Option<&Path>,
    speech: &Speech,
) -> Result<ExitCode> {
    let w = speech.words();
    let config = settings.load()?;
    let keys = crate::keys::read_vault(&config)?;
    let mut rng = system_rng()?;
    let text = keys.to_text();
    let shares = escrow::split(text.as_bytes(), needed, people, &mut rng)?;
    match out {
        Some(folder) => {
            for (i, share) in shares.iter().enumerate() {
                let path = folder.join(format!("share-{}.txt", i + 1));
                crate::keys::create_private(&path, format!("{}\n", share.as_str()).as_bytes())?;
                println!("{}", path.display());
            }
        }
        None => {
            let mut stdout = std::io::stdout().lock();
            for share in &shares {
                writeln!(stdout, "{}", share.as_str())?;
            }
        }
    }
    eprintln!(
        "{}",
        w.t2("vault-escrow-done", "needed", needed, "people", people)
    );
    Ok(ExitCode::SUCCESS)
}

fn recover(settings: &Settings, files: &[PathBuf], speech: &Speech) -> Result<ExitCode> {
    let w = speech.words();
    let config = settings.load()?;
    if config.vault_key_file.exists() {
        bail!(
            "{}",
            w.t1(
                "vault-recover-there",
                "file",
                config.vault_key_file.display().to_string()
            )
        );
    }
    let lines = if files.is_empty() {
        eprintln!("{}", w.t("vault-recover-type"));
        typed()?
    } else {
        read(files)?
    };
    let secret = escrow::recover(lines.iter().map(|l| l.as_str()))?;
    let text = std::str::from_utf8(&secret).context("the shares do not hold a vault key")?;
    let keys = RootKeys::parse(text)?;
    crate::keys::create_private(&config.vault_key_file, keys.to_text().as_bytes())?;
    eprintln!(
        "{}",
        w.t1(
            "vault-recover-done",
            "file",
            config.vault_key_file.display().to_string()
        )
    );
    Ok(ExitCode::SUCCESS)
}

fn rotate(settings: &Settings, speech: &Speech) -> Result<ExitCode> {
    let w = speech.words();
    let config = settings.load()?;
    let keys = crate::keys::read_vault(&config)?;
    let mut key = Zeroizing::new([0; 32]);
    getrandom::fill(key.as_mut_slice())
        .map_err(|e| anyhow::anyhow!("no randomness from the system: {e}"))?;
    let id = format!("k{}", jiff::Timestamp::now().as_second());
    let both = keys.with_active(&id, *key)?;
    // Both keys are on disk before the first secret is wrapped with the new one.
    crate::keys::replace_private(&config.vault_key_file, both.to_text().as_bytes())?;
    let wrapped = crate::cli::block_on(async {
        let store = vigie_store::Store::open(&config.database).await?;
        let mut all = 0;
        loop {
            let mut tx = store.begin().await?;
            let now = jiff::Timestamp::now();
            let some = super::rewrap(&mut tx, &both, 100, now).await?;
            if some > 0 {
                let detail: vigie_store::Detail<'_> = &[("key", &id), ("secrets", &some)];
                let actor = vigie_core::audit::leaf::AuditActor::System;
                tx.audit(now, actor, "vault.rotate", "vault", detail)
                    .await?;
            }
            tx.commit().await?;
            all += some;
            if some == 0 {
                break;
            }
        }
        store.close().await;
        Ok(all)
    })?;
    crate::keys::replace_private(
        &config.vault_key_file,
        both.only_active().to_text().as_bytes(),
    )?;
    eprintln!("{}", w.t2("vault-rotate-done", "n", wrapped, "key", &id));
    Ok(ExitCode::SUCCESS)
}

fn typed() -> Result<Vec<Zeroizing<String>>> {
    let mut lines = Vec::new();
    for line in std::io::stdin().lock().lines().take(200) {
        let line = Zeroizing::new(line?);
        if !line.trim().is_empty() {
            lines.push(line);
        }
    }
    Ok(lines)
}

fn read(files: &[PathBuf]) -> Result<Vec<Zeroizing<String>>> {
    files
        .iter()
        .map(|file| {
            std::fs::read_to_string(file)
                .map(Zeroizing::new)
                .with_context(|| format!("cannot read {}", file.display()))
        })
        .collect()
}

fn system_rng() -> Result<impl rand::CryptoRng> {
    use rand::SeedableRng as _;
    let mut seed = Zeroizing::new([0; 32]);
    getrandom::fill(seed.as_mut_slice())
        .map_err(|e| anyhow::anyhow!("no randomness from the system: {e}"))?;
    Ok(rand::rngs::StdRng::from_seed(*seed))
}
