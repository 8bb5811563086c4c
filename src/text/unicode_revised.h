// Characters that the Unicode tables behind HF tokenizers class otherwise than Unicode 14 does.
#pragma once

namespace hone {

/// Its normalizers and pre-tokenizers carry tables of Unicode 8 and 10. To give the same ids, a category test of theirs
/// is the Unicode 14 test, turned round for the characters of its list here.
enum class RevisedTest { mark, nonspacing_mark, other, punctuation };
bool is_revised(char32_t c, RevisedTest test);

/// Characters whose decomposition (Unicode 12.1 and later) it does not know: they are left as they are.
bool is_undecomposed(char32_t c);

}  // namespace hone
