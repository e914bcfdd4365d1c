pub fn wrong(n: u32) -> String { n }
