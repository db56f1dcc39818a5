//! Parts of values: a wildcard such as `*\\Temp\\*.ps1` is reached by four bytes that every string that it matches has.
//!
//! Each pattern is represented by one of its runs of four bytes, a gram. A value is stepped through once, and each of its grams
//! is looked up: in a bitmap, which turns nearly all of them down, and then in a table. The beginning and the end of a value
//! count as a byte, so that `/etc*` and `*.sh` have grams too. It costs the same for one pattern and for ten thousand, about a
//! nanosecond for each byte of the value, and little more when all of its grams are ones that are looked for.

use super::{List, Needs};

/// Four bytes, folded.
pub type Gram = u32;

/// What stands for the beginning and the end of a value.
const EDGE: u8 = 0;

/// The low five bits of letters are the same in both cases, and one bit makes them equal. It makes some other bytes equal too, which
/// only costs an evaluation.
const LOWER: u32 = 0x2020_2020;

/// More different needs than this are not compared before a value is looked at.
const MOST_NEEDS: usize = 16;

/// The grams that are looked for in one field.
#[derive(Debug, Default)]
pub struct Grams {
    /// A bit for some bits of each gram's hash.
    bitmap: Vec<u64>,
    /// The grams in order.
    table: Vec<(Gram, Hit)>,
    /// What the filters need that have one of the grams as a key, if that is few things.
    needs: Vec<Needs>,
    /// Whether filters have one as a key.
    has_filters: bool,
}

/// What a gram leads to.
#[derive(Clone, Copy, Debug)]
pub struct Hit {
    /// That the field has a value with the gram.
    pub atom: u32,
    /// The filters that have it as a key.
    pub filters: List,
}

impl Grams {
    /// A table of grams, which are in order and all different, and the needs of their filters.
    pub fn new(grams: Vec<(Gram, Hit)>, needs: impl Iterator<Item = Needs>) -> Grams {
        if grams.is_empty() {
            return Grams::default();
        }
        // One bit in 32 is set, at most.
        let words = (grams.len() * 32 / 64).next_power_of_two().max(16);
        let mut made = Grams { bitmap: vec![0; words], table: grams, needs: Vec::new(), has_filters: false };
        for at in 0..made.table.len() {
            let (word, bit) = made.place(made.table[at].0);
            made.bitmap[word] |= 1 << bit;
        }
        for needs in needs {
            made.has_filters = true;
            if !made.needs.contains(&needs) {
                made.needs.push(needs);
            }
            if made.needs.len() > MOST_NEEDS {
                made.needs.clear();
                break;
            }
        }
        made
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    /// Whether a filter that has one of the grams as a key has what it needs.
    pub fn wanted(&self, met: Needs) -> bool {
        self.has_filters && (self.needs.is_empty() || self.needs.iter().any(|needs| needs & !met == 0))
    }

    /// Calls with each gram of the value that is looked for, as often as it occurs.
    pub fn find(&self, value: &[u8], mut hit: impl FnMut(Hit)) {
        for gram in edges(value) {
            self.look(gram, &mut hit);
        }
        for gram in value.windows(4) {
            if let Some(gram) = gram.first_chunk() {
                self.look(*gram, &mut hit);
            }
        }
    }

    #[inline(always)]
    fn look(&self, gram: [u8; 4], hit: &mut impl FnMut(Hit)) {
        let gram = u32::from_le_bytes(gram) | LOWER;
        let (word, bit) = self.place(gram);
        if self.bitmap[word] >> bit & 1 == 1
            && let Some(found) = self.get(gram)
        {
            hit(found);
        }
    }

    #[cold]
    fn get(&self, gram: Gram) -> Option<Hit> {
        let at = self.table.binary_search_by_key(&gram, |(gram, _)| *gram).ok()?;
        Some(self.table[at].1)
    }

    #[inline(always)]
    fn place(&self, gram: Gram) -> (usize, u32) {
        let hash = gram.wrapping_mul(0x9e37_79b9);
        // The top bits choose the bit, the ones below them the word: both are well mixed.
        ((hash >> 8) as usize & (self.bitmap.len() - 1), hash >> 26)
    }
}

/// The grams of a value that contain its beginning or its end.
fn edges(value: &[u8]) -> impl Iterator<Item = [u8; 4]> {
    let first = value.first_chunk().map(|[a, b, c]| [EDGE, *a, *b, *c]);
    let last = value.last_chunk().map(|[x, y, z]| [*x, *y, *z, EDGE]);
    let both = match value {
        [a, b] => Some([EDGE, *a, *b, EDGE]),
        _ => None,
    };
    [first, last, both].into_iter().flatten()
}

/// The grams of a run of a pattern without wildcards; `start` and `end` say whether a value must begin or end with it.
pub fn of_run(run: &[u8], start: bool, end: bool) -> Vec<Gram> {
    let mut bytes = Vec::with_capacity(run.len() + 2);
    bytes.extend(start.then_some(EDGE));
    bytes.extend_from_slice(run);
    bytes.extend(end.then_some(EDGE));
    bytes.windows(4).filter_map(|gram| gram.first_chunk()).map(|gram| u32::from_le_bytes(*gram) | LOWER).collect()
}
