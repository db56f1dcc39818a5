//! Decompression, chosen by the first bytes rather than the name: standard input has none.

use std::io::{self, BufRead, BufReader, Cursor, Read};

use flate2::bufread::MultiGzDecoder;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

const GZIP: &[u8] = b"\x1f\x8b";
const ZSTD: &[u8] = b"\x28\xb5\x2f\xfd";
/// A zstd file may begin with a frame to skip; its last byte counts for sixteen.
const ZSTD_SKIPPABLE: &[u8] = b"\x2a\x4d\x18";
/// How much of its output a zstd decoder may have to keep; what `zstd --long` makes still passes.
const MAX_WINDOW: u64 = 128 << 20;

/// The input as it was before it was compressed.
pub(super) fn plain(mut raw: impl Read + Send + 'static) -> io::Result<Box<dyn Read + Send>> {
    let mut start = Vec::with_capacity(4);
    raw.by_ref().take(4).read_to_end(&mut start)?;
    let gzip = start.starts_with(GZIP);
    let zstd = start == ZSTD || (start.len() == 4 && start[0] & 0xf0 == 0x50 && &start[1..] == ZSTD_SKIPPABLE);
    let whole = Cursor::new(start).chain(raw);
    Ok(if gzip {
        Box::new(MultiGzDecoder::new(BufReader::with_capacity(64 << 10, whole)))
    } else if zstd {
        let mut decoder = FrameDecoder::new();
        decoder.set_max_window_size(MAX_WINDOW);
        Box::new(Zstd { source: BufReader::with_capacity(64 << 10, whole), decoder, within: false })
    } else {
        Box::new(whole)
    })
}

/// All frames of a zstd file one after another; the decoder itself knows single frames.
struct Zstd<R: Read> {
    source: R,
    decoder: FrameDecoder,
    within: bool,
}

impl<R: BufRead> Zstd<R> {
    /// Begins the next frame; false at the end of the file.
    fn next_frame(&mut self) -> io::Result<bool> {
        loop {
            if self.source.fill_buf()?.is_empty() {
                return Ok(false);
            }
            match self.decoder.init(&mut self.source) {
                Ok(()) => return Ok(true),
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame { length, .. })) => {
                    let length = u64::from(length);
                    if io::copy(&mut self.source.by_ref().take(length), &mut io::sink())? < length {
                        return Err(io::ErrorKind::UnexpectedEof.into());
                    }
                }
                Err(error) => return Err(malformed(error)),
            }
        }
    }
}

impl<R: BufRead> Read for Zstd<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            if !self.within {
                self.within = self.next_frame()?;
                if !self.within {
                    return Ok(0);
                }
            }
            while self.decoder.can_collect() == 0 && !self.decoder.is_finished() {
                self.decoder
                    .decode_blocks(&mut self.source, BlockDecodingStrategy::UptoBlocks(1))
                    .map_err(malformed)?;
            }
            let read = self.decoder.read(buffer)?;
            if read > 0 {
                return Ok(read);
            }
            self.within = false;
            let expected = self.decoder.get_checksum_from_data();
            if expected.is_some() && expected != self.decoder.get_calculated_checksum() {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "the zstd data is damaged: wrong checksum"));
            }
        }
    }
}

fn malformed(error: FrameDecoderError) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("malformed zstd data: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use ruzstd::encoding::{CompressionLevel, compress_to_vec};
    use std::io::Write as _;

    fn read(bytes: Vec<u8>) -> io::Result<Vec<u8>> {
        let mut out = Vec::new();
        plain(Cursor::new(bytes))?.read_to_end(&mut out)?;
        Ok(out)
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn zstd(bytes: &[u8]) -> Vec<u8> {
        compress_to_vec(bytes, CompressionLevel::Fastest)
    }

    #[test]
    fn plain_and_short_inputs_are_left_alone() {
        for bytes in [&b""[..], b"{", b"{}", b"{}\n", b"{\"a\":1}\n"] {
            assert_eq!(read(bytes.to_vec()).unwrap(), bytes);
        }
    }

    #[test]
    fn all_members_and_frames_are_read() {
        let big = "line\n".repeat(100_000).into_bytes();
        for compress in [gzip, zstd] {
            assert_eq!(read(compress(&big)).unwrap(), big);
            assert_eq!(read([compress(b"a\n"), compress(&big)].concat()).unwrap(), [b"a\n", &big[..]].concat());
            assert_eq!(read(compress(b"")).unwrap(), b"");
        }
    }

    #[test]
    fn zstd_frames_to_skip_are_skipped() {
        let skipped = [&[0x5a][..], ZSTD_SKIPPABLE, &3u32.to_le_bytes(), b"abc"].concat();
        let bytes = [skipped.clone(), zstd(b"a"), skipped.clone(), zstd(b"b"), skipped.clone()].concat();
        assert_eq!(read(bytes).unwrap(), b"ab");
        assert!(read([zstd(b"a"), skipped[..9].to_vec()].concat()).is_err());
    }

    #[test]
    fn damaged_and_truncated_data_is_an_error() {
        let text = "some text that goes on ".repeat(100);
        for compress in [gzip, zstd] {
            let whole = compress(text.as_bytes());
            assert!(read(whole[..whole.len() - 6].to_vec()).is_err());
            assert!(read([whole.clone(), b"trailing rubbish".to_vec()].concat()).is_err());
        }
    }
}
