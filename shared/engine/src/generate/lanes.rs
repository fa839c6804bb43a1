//! The runners of one generator: the model's own, and one for each adapter that sequences under way
//! use. They share the weights.

use std::collections::BTreeMap;

use crate::adapter::AppliedAdapter;
use crate::error::EngineError;
use crate::model::Model;
use crate::runner::Runner;

/// Names a runner inside one generator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct LaneId(u64);

/// The model's own runner.
pub const OWN: LaneId = LaneId(0);

/// Adapters that stay laid out for the device though no sequence uses them at the moment.
const IDLE_LANES: usize = 1;

/// See above.
pub struct Lanes {
    model: Model,
    own: Runner,
    adapted: BTreeMap<LaneId, (AppliedAdapter, Runner)>,
    next: u64,
}

impl Lanes {
    /// # Errors
    /// When the device cannot hold the model.
    pub fn new(model: &Model) -> Result<Self, EngineError> {
        Ok(Self {
            model: model.clone(),
            own: Runner::new(model)?,
            adapted: BTreeMap::new(),
            next: OWN.0 + 1,
        })
    }

    /// The lane of an adapter, a new one if there is none yet.
    ///
    /// # Errors
    /// An adapter for another model, or one that the device cannot hold.
    pub fn of(&mut self, adapter: Option<&AppliedAdapter>) -> Result<LaneId, EngineError> {
        let Some(adapter) = adapter else {
            return Ok(OWN);
        };
        let mut known = self.adapted.iter();
        if let Some((id, _)) = known.find(|(_, (other, _))| other.is_same(adapter)) {
            return Ok(*id);
        }
        let model = self.model.with_applied(adapter.clone())?;
        if model.adapter().is_none() && self.model.adapter().is_none() {
            // Strength 0.
            return Ok(OWN);
        }
        // What is on the device already is not sent there again.
        let others = self.adapted.values().map(|(_, runner)| runner);
        let runner = std::iter::once(&self.own)
            .chain(others)
            .find_map(|runner| runner.sharing(&model));
        let runner = match runner {
            Some(runner) => runner,
            None => Runner::new(&model)?,
        };
        let id = LaneId(self.next);
        self.next += 1;
        self.adapted.insert(id, (adapter.clone(), runner));
        Ok(id)
    }

    /// Gives up the oldest lanes that no sequence uses.
    pub fn tidy(&mut self, in_use: impl Fn(LaneId) -> bool) {
        let idle: Vec<LaneId> = self
            .adapted
            .keys()
            .copied()
            .filter(|id| !in_use(*id))
            .collect();
        for id in idle.iter().take(idle.len().saturating_sub(IDLE_LANES)) {
            self.adapted.remove(id);
        }
    }

    /// All lanes, the model's own first.
    pub fn ids(&self) -> Vec<LaneId> {
        std::iter::once(OWN)
            .chain(self.adapted.keys().copied())
            .collect()
    }

    /// The model's own runner.
    pub fn own(&self) -> &Runner {
        &self.own
    }

    /// The runner of a lane.
    ///
    /// # Errors
    /// When the lane was given up.
    pub fn runner(&mut self, id: LaneId) -> Result<&mut Runner, EngineError> {
        if id == OWN {
            return Ok(&mut self.own);
        }
        let lane = self.adapted.get_mut(&id);
        lane.map(|(_, runner)| runner)
            .ok_or_else(|| EngineError::Device("a sequence has lost its runner".into()))
    }
}
