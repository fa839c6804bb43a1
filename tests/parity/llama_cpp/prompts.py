"""Everyday sentence beginnings and whole sentences in the project's seven languages, written for these fixtures."""

PROMPTS = {
    "ar": [
        "في الصباح أشرب القهوة ثم",
        "تقع المدينة القديمة على ضفة النهر، و",
        "سألت المعلمة الأطفال عن",
        "عندما وصل القطار إلى المحطة كان",
        "أفضل طريقة لتعلم لغة جديدة هي",
    ],
    "de": [
        "Am Sonntag gehen wir meistens",
        "Der Bäcker an der Ecke verkauft jeden Morgen",
        "Wenn es im Winter früh dunkel wird,",
        "Die Bibliothek liegt gegenüber dem Bahnhof und",
        "Um einen guten Tee zu kochen, braucht man",
    ],
    "en": [
        "The weather in the mountains changed quickly, so",
        "My grandmother used to keep her recipes in",
        "On the way to the market we saw",
        "The museum opens at nine and",
        "To repair the old bicycle, first",
    ],
    "es": [
        "Esta mañana el autobús llegó tarde porque",
        "La abuela prepara la sopa con",
        "Cuando termina la clase, los estudiantes",
        "El río que cruza la ciudad",
        "Para plantar un árbol en el jardín hay que",
    ],
    "hi": [
        "आज सुबह बाज़ार में बहुत",
        "मेरी बहन हर शाम पार्क में",
        "गाँव के स्कूल में बच्चे",
        "बारिश के मौसम में हमारे घर के सामने",
        "चाय बनाने के लिए सबसे पहले",
    ],
    "ru": [
        "Каждое утро мой сосед выходит",
        "Летом мы ездили на озеро, где",
        "В маленьком кафе на углу подают",
        "Поезд отправляется в восемь часов, поэтому",
        "Чтобы испечь хлеб, нужно",
    ],
    "zh": [
        "今天早上我在公园里看见",
        "这家饭馆最有名的菜是",
        "小王每天坐地铁去上班，因为",
        "春天来了，山上的花",
        "学习做饭的时候，首先要",
    ],
}

SENTENCES = {
    "ar": ["اشترى أخي كتابا جديدا من المكتبة القريبة من بيتنا.", "تشرق الشمس من الشرق وتغرب في الغرب."],
    "de": ["Meine Schwester arbeitet seit drei Jahren in einem Krankenhaus.", "Im Herbst fallen die bunten Blätter von den Bäumen."],
    "en": ["The children planted tomatoes behind the school last spring.", "She closed the window because the rain was getting heavier."],
    "es": ["Los domingos mi padre lee el periódico en la terraza.", "El tren de las siete sale siempre del andén número dos."],
    "hi": ["मेरे दादाजी हर सुबह अख़बार पढ़ते हैं और चाय पीते हैं।", "दिल्ली भारत की राजधानी है।"],
    "ru": ["Вечером вся семья собралась за большим столом на кухне.", "Москва стоит на берегу Москвы-реки."],
    "zh": ["昨天下午我们一起去图书馆借了几本书。", "北京是中国的首都，有很多历史悠久的建筑。"],
}
