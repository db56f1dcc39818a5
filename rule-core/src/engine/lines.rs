//! Lines and columns of many places in one text.

/// Lines and columns of offsets that grow, in one walk through a text.
pub(super) struct Lines<'a> {
    text: &'a str,
    at: usize,
    line: u32,
    column: u32,
}

impl<'a> Lines<'a> {
    pub fn new(text: &'a str) -> Self {
        Lines { text, at: 0, line: 1, column: 1 }
    }

    /// 1-based line and column (in characters) of an offset that is no smaller than those before.
    pub fn position(&mut self, offset: u32) -> (u32, u32) {
        let walked = self.text.get(self.at..offset as usize).unwrap_or_default();
        let behind = match walked.rfind('\n') {
            Some(last) => {
                self.line += walked.bytes().filter(|byte| *byte == b'\n').count() as u32;
                self.column = 1;
                &walked[last + 1..]
            }
            None => walked,
        };
        self.column += behind.chars().count() as u32;
        self.at += walked.len();
        (self.line, self.column)
    }
}
