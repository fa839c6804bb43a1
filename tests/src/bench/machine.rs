//! How busy the machine was with other things meanwhile. Linux tells; elsewhere nothing is said.

use std::fs;
use std::time::Instant;

/// Processor time at the start of the measurements.
pub struct Load {
    start: Instant,
    times: Option<Times>,
}

/// What happened between start and end.
pub struct Busy {
    /// Cores that other programs kept busy, on average.
    others: Option<f64>,
    processor: Option<String>,
}

/// In clock ticks.
struct Times {
    /// All programs on all cores.
    all: f64,
    /// The programs that this one started and that have ended.
    children: f64,
}

impl Load {
    /// From now on.
    pub fn start() -> Self {
        Self {
            start: Instant::now(),
            times: times(),
        }
    }

    /// Until now.
    pub fn stop(self) -> Busy {
        // Linux counts a hundred ticks a second for programs, on every architecture.
        let elapsed = self.start.elapsed().as_secs_f64() * 100.0;
        let others = self.times.zip(times()).map(|(start, end)| {
            let foreign = (end.all - start.all) - (end.children - start.children);
            (foreign / elapsed).max(0.0)
        });
        Busy {
            others,
            processor: processor(),
        }
    }
}

impl Busy {
    /// One sentence for the report.
    pub fn describe(&self) -> String {
        let processor = self.processor.as_deref().unwrap_or("unknown processor");
        match self.others {
            Some(cores) => {
                format!("{processor}; other programs kept {cores:.1} cores busy meanwhile")
            }
            None => processor.to_owned(),
        }
    }
}

fn times() -> Option<Times> {
    let stat = fs::read_to_string("/proc/stat").ok()?;
    let fields = stat.lines().next()?.split_whitespace().skip(1);
    let fields: Vec<f64> = fields.filter_map(|field| field.parse().ok()).collect();
    // user nice system idle iowait irq softirq steal
    let all = [0, 1, 2, 5, 6]
        .iter()
        .filter_map(|field| fields.get(*field))
        .sum();
    let own = fs::read_to_string("/proc/self/stat").ok()?;
    // The program's name, the second field, may hold spaces; cutime and cstime are fields 16 and 17.
    let own: Vec<&str> = own.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |field: usize| own.get(field - 3)?.parse::<f64>().ok();
    Some(Times {
        all,
        children: ticks(16)? + ticks(17)?,
    })
}

fn processor() -> Option<String> {
    let text = fs::read_to_string("/proc/cpuinfo").ok()?;
    let models: Vec<&str> = text
        .lines()
        .filter(|line| line.starts_with("model name"))
        .filter_map(|line| line.split_once(": "))
        .map(|(_, name)| name)
        .collect();
    Some(format!("{}, {} cores", models.first()?, models.len()))
}
