//! Beginnings of everyday sentences, one in each language.

use protocol::language::Language;

/// A text that any model can continue.
pub fn example(language: Language) -> &'static str {
    match language {
        Language::Ar => "في الصباح أشرب القهوة مع أصدقائي ثم",
        Language::De => "Am Wochenende fahren wir mit dem Zug nach",
        Language::En => "The best thing about a rainy afternoon is",
        Language::Es => "Los domingos mi abuela prepara una sopa de",
        Language::Hi => "सुबह की चाय के साथ हम अक्सर",
        Language::Ru => "Летом мы часто ездим на дачу, где",
        Language::Zh => "今天天气很好，我们一起去",
    }
}
