//! Lists of CPUs and memory nodes.
use crate::model::bytes::escape;
use crate::model::cpu_set::CpuSet;

use super::Wrong;

pub(super) fn list(file: &str, text: &str) -> Result<(String, Vec<String>), Wrong> {
    if text.is_empty() {
        // An empty write does nothing; a newline clears the list.
        return Ok(("\n".to_owned(), Vec::new()));
    }
    if CpuSet::parse(text).is_some() {
        return Ok((text.to_owned(), Vec::new()));
    }
    // Blanks separate for the kernel, too.
    let joined = text.split([' ', ',']).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(",");
    if joined != text && CpuSet::parse(&joined).is_some() {
        return Ok((joined, Vec::new()));
    }
    // `all`, `N` and strides (`0-7:1/2`) are the kernel's own extensions.
    if !text.is_empty()
        && (text == "all" || text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'-' | b',' | b':' | b'/' | b'N')))
    {
        let reversed = text.split(',').find_map(|part| {
            let (low, high) = part.split_once('-')?;
            let (low, high): (u32, u32) = (low.parse().ok()?, high.parse().ok()?);
            (low > high).then(|| (part.to_owned(), format!("{high}-{low}")))
        });
        return match reversed {
            Some((part, turned)) => Err(Wrong::new(format!("{part} goes backwards: a range rises. (EINVAL)"))
                .or(text.replacen(&part, &turned, 1))),
            None if text.contains([':', 'N', 'a']) => Ok((text.to_owned(), Vec::new())),
            None if text.split(',').all(is_range) => {
                Err(Wrong::new(format!("{file}: no host can have all of {text}. (ERANGE)")))
            }
            None => Err(Wrong::new(format!("{file} takes a list such as 0-3,5; \"{text}\" is none. (EINVAL)"))),
        };
    }
    Err(Wrong::new(format!("{file} takes a list such as 0-3,5; \"{}\" is none. (EINVAL)", escape(text.as_bytes()))))
}

/// `4` or `0-3`, of whatever numbers.
fn is_range(part: &str) -> bool {
    let digits = |number: &str| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    part.split_once('-').map_or_else(|| digits(part), |(low, high)| digits(low) && digits(high))
}
