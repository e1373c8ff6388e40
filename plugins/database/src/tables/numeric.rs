//! The type `numeric` of PostgreSQL in its binary form: groups of four decimal digits.

/// The number in decimal digits. `None` for NaN and infinities.
pub(super) fn read(bytes: &[u8]) -> Option<String> {
    let mut fields = bytes.chunks_exact(2).filter_map(|pair| pair.first_chunk());
    let mut next = || fields.next().map(|pair| u16::from_be_bytes(*pair));
    let (count, weight, sign, scale) = (next()?, next()?, next()?, next()?);
    let negative = match sign {
        0x0000 => false,
        0x4000 => true,
        _ => return None,
    };
    let groups: Vec<u16> = (0..count).map_while(|_| next()).collect();
    let weight = i64::from(weight.cast_signed());
    let group = |at: i64| {
        let at = usize::try_from(at).ok();
        at.and_then(|at| groups.get(at)).copied().unwrap_or(0)
    };

    let whole: String = (0..=weight).map(|at| format!("{:04}", group(at))).collect();
    let whole =
        Some(whole.trim_start_matches('0')).filter(|whole| !whole.is_empty()).unwrap_or("0");
    let scale = usize::from(scale);
    let behind = i64::try_from(scale.div_ceil(4)).ok()?;
    let fraction: String =
        (weight + 1..=weight + behind).map(|at| format!("{:04}", group(at))).collect();
    let fraction = fraction.get(..scale)?;
    let minus = if negative { "-" } else { "" };
    let point = if scale == 0 { "" } else { "." };
    Some(format!("{minus}{whole}{point}{fraction}"))
}

#[cfg(test)]
mod tests {
    use super::read;

    // `SELECT encode(numeric_send(…), 'hex')` of PostgreSQL 15.
    #[test]
    fn numbers_are_read_as_the_server_prints_them() {
        for (hex, text) in [
            ("0000000000000000", Some("0")),
            ("00010000000000000001", Some("1")),
            ("0002000140000000000f1206", Some("-154614")),
            ("00030001000000040001270f1388", Some("19999.5000")),
            ("0001ffff0000000201f4", Some("0.05")),
            ("0001fffe000000061388", Some("0.000050")),
            ("00000000c0000000", None),
        ] {
            let bytes: Vec<u8> = (0..hex.len() / 2)
                .map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap())
                .collect();
            assert_eq!(read(&bytes).as_deref(), text, "{hex}");
        }
    }
}
