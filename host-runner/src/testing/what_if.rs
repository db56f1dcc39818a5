//! What-if exceptions: exceptions that are in force for one test.

use rule_core::CompileOptions;
use rule_core::rule::ExceptionItem;

/// The options under which a rule has these exceptions beside its own. The error is one sentence.
pub fn with_exceptions(
    _options: CompileOptions,
    _rule_id: &str,
    _exceptions: &[ExceptionItem],
) -> Result<CompileOptions, String> {
    Err("`exceptions` cannot be applied: this version compiles rules without exceptions".into())
}
