//! Encodes and decodes base64, in which old firmware shows passwords.

const SIGNS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Encodes octets, with padding.
pub(super) fn encode(octets: &[u8]) -> String {
    let mut text = String::new();
    for three in octets.chunks(3) {
        let at = |place: usize| u32::from(three.get(place).copied().unwrap_or(0));
        let bits = at(0) << 16 | at(1) << 8 | at(2);
        for (place, shift) in [18, 12, 6, 0].into_iter().enumerate() {
            let sign = usize::try_from(bits >> shift & 63).unwrap_or(0);
            let sign = SIGNS.get(sign).copied().unwrap_or(b'=');
            text.push(char::from(if place > three.len() { b'=' } else { sign }));
        }
    }
    text
}

/// Decodes a whole text; `None` if it is not base64 with padding.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    let body = text.trim_end_matches('=');
    if !text.len().is_multiple_of(4) || text.len() - body.len() > 2 {
        return None;
    }
    let mut octets = Vec::new();
    let (mut bits, mut count) = (0_u32, 0);
    for sign in body.bytes() {
        let value = SIGNS.iter().position(|known| *known == sign)?;
        bits = bits << 6 | u32::try_from(value).ok()?;
        count += 6;
        if count >= 8 {
            count -= 8;
            octets.push(u8::try_from(bits >> count & 255).ok()?);
        }
    }
    Some(octets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encoded_is_decoded_again() {
        for (text, encoded) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("light w", "bGlnaHQgdw=="),
        ] {
            assert_eq!(encode(text.as_bytes()), encoded);
            assert_eq!(decode(encoded).as_deref(), Some(text.as_bytes()));
        }
        for wrong in ["Zg", "Z===", "Zg=a", "Zm9v!", "Zm 9"] {
            assert_eq!(decode(wrong), None, "{wrong}");
        }
    }
}
