use std::collections::BTreeMap;
use std::thread;

fn count(seed: u64) -> usize {
    let mut found: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for i in 0..30000u64 {
        found.entry(format!("key {}", i * seed % 997)).or_default().push(i);
    }
    found.values().map(|numbers| numbers.len()).sum::<usize>() + found.len()
}

fn main() {
    let threads: Vec<_> = (3..6).map(|seed| thread::spawn(move || count(seed))).collect();
    for thread in threads {
        println!("{}", thread.join().unwrap());
    }
    println!("{:?}", std::panic::catch_unwind(|| "12x".parse::<i32>().is_err()));
    std::process::exit(5);
}
