//! Does one command after the other, and the steps of generations between them.

use protocol::api::model_files::ModelFileList;
use protocol::local::{Command, DeviceChoice, Event, FailedCommand, LoadStage, LocalDevice};
use web_sys::AbortSignal;

use crate::capabilities::capabilities;
use crate::failure::Failure;
use crate::files::{self, Storage};
use crate::load::{self, Card, Wish};
use crate::mailbox::Mailbox;
use crate::session::{self, Session};
use crate::{adapter, forcing, network, pause, toxicity, voice};

struct Desk {
    mailbox: Mailbox,
    api_base: String,
    storage: Result<Storage, String>,
    session: Option<Session>,
    card: Card,
}

/// Serves until the page ends the worker.
pub async fn serve(mailbox: Mailbox) {
    let mut desk = Desk {
        mailbox,
        api_base: String::new(),
        storage: Storage::open().await,
        session: None,
        card: Card::default(),
    };
    loop {
        let command = match &mut desk.session {
            Some(session) if session.busy() => match desk.mailbox.try_next() {
                Some(command) => command,
                None => {
                    session.step(&desk.mailbox.interruptions).await;
                    pause::pause().await;
                    continue;
                }
            },
            _ => match desk.mailbox.next().await {
                Some(command) => command,
                None => return,
            },
        };
        desk.obey(command).await;
    }
}

impl Desk {
    async fn obey(&mut self, command: Command) {
        match command {
            Command::Start { api_base } => {
                self.api_base = api_base;
                voice::say(&Event::Capabilities {
                    capabilities: Box::new(capabilities(&self.storage).await),
                });
            }
            Command::Load {
                model,
                device,
                lost,
            } => {
                let wish = Wish {
                    choice: device,
                    lost,
                };
                match self.load(&model, wish).await {
                    Ok(()) => {}
                    Err(Failure::Cancelled) => voice::say(&Event::LoadCancelled),
                    Err(failure) => voice::fail(FailedCommand::Load { model }, &failure),
                }
                self.mailbox.interruptions.end_load();
            }
            Command::Generate { id, request } => match &mut self.session {
                Some(session) => {
                    let adapter = request.adapter.as_ref();
                    let fetched = adapter::fetch(session, &self.api_base, adapter).await;
                    match fetched {
                        Ok(()) => session.begin(id, request),
                        Err(failure) => session::refuse(id, &failure),
                    }
                }
                None => session::refuse(id, &Failure::NoModel),
            },
            Command::Force { id, request } => {
                let forced = match &mut self.session {
                    Some(session) => {
                        let adapter = request.adapter.as_ref();
                        let fetched = adapter::fetch(session, &self.api_base, adapter).await;
                        match fetched {
                            Ok(()) => {
                                let interruptions = &self.mailbox.interruptions;
                                forcing::force(session, id, &request, interruptions).await
                            }
                            Err(failure) => Err(failure),
                        }
                    }
                    None => Err(Failure::NoModel),
                };
                match forced {
                    Ok(response) => voice::say(&Event::Forced { id, response }),
                    Err(failure) => voice::fail(FailedCommand::Force { id }, &failure),
                }
            }
            Command::Score { id, request } => match toxicity::score(&request) {
                Ok(response) => voice::say(&Event::Scored { id, response }),
                Err(failure) => voice::fail(FailedCommand::Score { id }, &failure),
            },
            Command::Identify { id, text } => voice::say(&Event::Identified {
                id,
                found: toxicity::identify(&text),
            }),
            Command::Remove { model } => match self.remove(&model).await {
                Ok(storage) => voice::say(&Event::Removed { model, storage }),
                Err(failure) => voice::fail(FailedCommand::Remove { model }, &failure),
            },
            // Take effect in the mailbox already.
            Command::CancelLoad | Command::Stop { .. } => {}
        }
    }

    async fn load(&mut self, model: &str, wish: Wish) -> Result<(), Failure> {
        let signal = self.mailbox.interruptions.load_signal()?;
        voice::say(&Event::Stage {
            stage: LoadStage::Check,
        });
        let base = format!("{}/api/models/{model}/files", self.api_base);
        let list = self.list(&base, model, &signal).await?;
        if let Some(session) = &self.session
            && session.loaded.provenance.model == list.model
            && session.loaded.provenance.sha256 == list.sha256
            && suits(session, &wish)
        {
            session.introduce();
            return Ok(());
        }
        // Before the next one's memory is asked for.
        if let Some(session) = self.session.take() {
            session.end();
        }
        let directory = match &self.storage {
            Ok(storage) => {
                storage.persist().await;
                Some(storage.model(model).await?)
            }
            Err(_) => None,
        };
        let fetched = files::fetch(&base, &list, directory.as_ref(), &signal).await?;
        let session = load::load(&list, fetched, wish, &mut self.card).await?;
        if signal.aborted() {
            return Err(Failure::Cancelled);
        }
        session.introduce();
        self.session = Some(session);
        Ok(())
    }

    /// The model's files as the server lists them, or as they are here where no server answers.
    async fn list(
        &self,
        base: &str,
        model: &str,
        signal: &AbortSignal,
    ) -> Result<ModelFileList, Failure> {
        let unreachable = match network::json(base, signal).await {
            Err(failure @ Failure::Unreachable(_)) => failure,
            other => return other,
        };
        let Ok(storage) = &self.storage else {
            return Err(unreachable);
        };
        match storage.model(model).await?.record().await {
            Some(record) if record.complete => Ok(record.list),
            _ => Err(unreachable),
        }
    }

    async fn remove(
        &self,
        model: &str,
    ) -> Result<Option<protocol::local::StorageEstimate>, Failure> {
        match &self.storage {
            Ok(storage) => {
                storage.remove(model).await?;
                Ok(storage.estimate().await)
            }
            // Nothing is kept, so nothing is left.
            Err(_) => Ok(None),
        }
    }
}

/// Whether a session is where the wish would bring it.
fn suits(session: &Session, wish: &Wish) -> bool {
    wish.lost.is_empty()
        && match wish.choice {
            DeviceChoice::Auto => session.choice == DeviceChoice::Auto,
            DeviceChoice::Cpu => session.loaded.device == LocalDevice::Cpu,
            DeviceChoice::WebGpu => session.loaded.device == LocalDevice::WebGpu,
        }
}
