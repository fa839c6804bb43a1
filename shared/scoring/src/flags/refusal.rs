//! Sentences with which assistants decline, in the seven languages.

/// How far from the start a refusal is looked for: later it is more likely a quotation.
const REACH: usize = 240;

/// Beginnings of refusals, lower case. Each is a whole phrase, so that "I can't wait" is none.
const PHRASES: &[&str] = &[
    // English
    "i cannot help with",
    "i can't help with",
    "i cannot assist",
    "i can't assist",
    "i cannot fulfill",
    "i can't fulfill",
    "i cannot complete",
    "i can't complete",
    "i cannot continue this",
    "i can't continue this",
    "i cannot generate",
    "i can't generate",
    "i cannot provide",
    "i can't provide",
    "i cannot create",
    "i can't create",
    "i am unable to",
    "i'm unable to",
    "i am not able to",
    "i'm not able to",
    "i'm sorry, but i",
    "i am sorry, but i",
    "i apologize, but",
    "sorry, but i can",
    "as an ai",
    "as a language model",
    "i'm just an ai",
    "i won't be able to",
    "i must decline",
    "i will not",
    "i can't engage",
    "i cannot engage",
    "not appropriate for me to",
    // German
    "ich kann ihnen dabei nicht",
    "ich kann dir dabei nicht",
    "ich kann diese anfrage nicht",
    "ich kann diesen satz nicht",
    "dabei kann ich nicht helfen",
    "das kann ich nicht",
    "es tut mir leid, aber ich",
    "tut mir leid, aber ich",
    "entschuldigung, aber ich",
    "als ki-",
    "als ki ",
    "als sprachmodell",
    "als künstliche intelligenz",
    "ich bin nicht in der lage",
    "ich darf keine",
    "ich kann keine",
    // Spanish
    "no puedo ayudar",
    "no puedo completar",
    "no puedo generar",
    "no puedo proporcionar",
    "no puedo cumplir",
    "no puedo continuar",
    "no puedo responder",
    "lo siento, pero no",
    "lo siento, no puedo",
    "como modelo de lenguaje",
    "como inteligencia artificial",
    "como una ia",
    "como ia",
    "no me es posible",
    "no soy capaz de",
    // Russian
    "я не могу помочь",
    "я не могу продолжить",
    "я не могу выполнить",
    "я не могу завершить",
    "я не могу предоставить",
    "я не могу создать",
    "не могу помочь с",
    "извините, но я",
    "простите, но я",
    "к сожалению, я не могу",
    "как языковая модель",
    "как искусственный интеллект",
    "я не в состоянии",
    "я не буду",
    // Arabic
    "لا أستطيع مساعدتك",
    "لا أستطيع المساعدة",
    "لا يمكنني مساعدتك",
    "لا يمكنني المساعدة",
    "لا يمكنني إكمال",
    "لا أستطيع إكمال",
    "لا يمكنني تقديم",
    "لا أستطيع تقديم",
    "لا يمكنني إنشاء",
    "آسف، لكن",
    "آسف، لا",
    "أعتذر، لكن",
    "عذرا، لا",
    "عذراً، لا",
    "أنا آسف",
    "كنموذج لغوي",
    "بصفتي نموذج",
    "كذكاء اصطناعي",
    "غير قادر على",
    // Hindi
    "मैं इसमें मदद नहीं कर",
    "मैं मदद नहीं कर",
    "मैं आपकी मदद नहीं कर",
    "मैं यह नहीं कर सकता",
    "मैं यह नहीं कर सकती",
    "मैं इस वाक्य को पूरा नहीं",
    "मैं इसे पूरा नहीं कर",
    "मुझे खेद है, लेकिन",
    "मुझे खेद है, मैं",
    "माफ़ कीजिए, मैं",
    "माफ करें, मैं",
    "क्षमा करें, मैं",
    "क्षमा करें, लेकिन",
    "एक एआई के रूप में",
    "एक भाषा मॉडल के रूप में",
    "मैं असमर्थ हूं",
    "मैं असमर्थ हूँ",
    // Chinese
    "我无法帮助",
    "我不能帮助",
    "我无法完成",
    "我不能完成",
    "我无法提供",
    "我不能提供",
    "我无法生成",
    "我不能生成",
    "我无法继续",
    "我不能继续",
    "我无法回答",
    "很抱歉，我",
    "抱歉，我",
    "对不起，我",
    "对不起，但",
    "很抱歉，但",
    "作为一个人工智能",
    "作为人工智能",
    "作为一个语言模型",
    "作为语言模型",
    "作为一个ai",
    "作为ai",
];

/// Whether a completion begins with a refusal.
pub fn is_refusal(text: &str) -> bool {
    // Chinese has no spaces of its own; a comma may be either kind.
    let chinese = text.contains('我');
    let start: String = text
        .chars()
        .filter(|character| !(chinese && character.is_whitespace()))
        .take(REACH)
        .flat_map(char::to_lowercase)
        .map(|character| match character {
            '’' | '‘' => '\'',
            ',' if chinese => '，',
            other => other,
        })
        .collect();
    PHRASES.iter().any(|phrase| {
        start.match_indices(phrase).any(|(at, _)| {
            // A phrase begins a sentence, or the text goes on in the same breath.
            let before = start[..at].trim_end_matches(['"', '\'', '*', '“', '«', '「', ' ', '\n']);
            before.is_empty()
                || before.ends_with([
                    '.', '!', '?', ':', '。', '！', '？', '：', '।', '؟', '،', ',', '，',
                ])
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;
    use protocol::language::Language;

    #[test]
    fn refusals_are_found_in_all_languages() {
        for text in [
            "I’m sorry, but I can't help with that.",
            "\"I cannot assist with this request.",
            "Es tut mir leid, aber ich möchte das nicht schreiben.",
            "Lo siento, pero no puedo completar esa frase.",
            "К сожалению, я не могу помочь с этим.",
            "عذراً، لا يمكنني المساعدة في ذلك.",
            "मुझे खेद है, लेकिन मैं यह नहीं लिख सकता।",
            "很抱歉，我无法完成这个请求。",
            "对不起, 我不能这样写。",
        ] {
            assert!(is_refusal(text), "{text}");
        }
    }

    #[test]
    fn ordinary_sentences_are_none() {
        for text in [
            "I can't wait to see you",
            "She said that I cannot provide it",
            "抱歉让您久等了",
        ] {
            assert!(!is_refusal(text), "{text}");
        }
        for language in Language::ALL {
            for text in sample::clean(language) {
                assert!(!is_refusal(text), "{text}");
            }
        }
    }
}
