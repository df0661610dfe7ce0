"""Product names of many languages, of our own making, to measure the detection of encodings with. Knows no encoding."""

from __future__ import annotations

import random
from dataclasses import dataclass


@dataclass(frozen=True)
class Language:
    """A language: the parts that product names are put together of, and the encodings that shops there send."""

    name: str
    parts: tuple[tuple[str, ...], ...]
    encodings: tuple[str, ...]

    def lines(self, count: int, seed: int) -> list[str]:
        """`count` product names that are not plain ASCII."""
        chance = random.Random(f"{self.name} {seed}")
        lines: list[str] = []
        while len(lines) < count:
            line = " ".join(chance.choice(part) for part in self.parts).strip()
            if not line.isascii():
                lines.append(f"{chance.randrange(10_000):04d};{line};{chance.randrange(100, 9_999) / 100:.2f}")
        return lines


def _words(*parts: str) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(word.strip() for word in part.split("|")) for part in parts)


WESTERN = ("cp1252", "iso8859-1", "iso8859-15", "cp850", "utf-8", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")
CENTRAL = ("cp1250", "iso8859-2", "cp852", "utf-8", "utf-16-le")
CYRILLIC = ("cp1251", "koi8-r", "cp866", "iso8859-5", "utf-8", "utf-16-le")

LANGUAGES = (
    Language(
        "German",
        _words(
            "Große|Kleine|Schöne|Weiße|Grüne|Hölzerne|Zusätzliche|Praktische|Stabile|Natürliche|Süße|Handgefertigte",
            "Töpfe|Blumentöpfe|Küchenmesser|Gläser|Stühle|Tücher|Schlüsselanhänger|Körbe|Bürsten|Müslischalen|Löffel"
            "|Gießkannen|Füller|Kissenbezüge|Lampen",
            "aus Eichenholz|für die Küche|für Gärten und Höfe|mit Griff aus Kirschbaum|, Größe M|, Stärke 5 mm"
            "|für Gäste|zum Aufhängen|, geölt|, spülmaschinenfest",
        ),
        WESTERN,
    ),
    Language(
        "French",
        _words(
            "Chaise|Théière|Étagère|Boîte|Lampe|Poêle|Cafetière|Corbeille|Crème|Fenêtre|Écharpe|Bougie|Assiette",
            "en chêne massif|décorée|à café|pliée|rétro|légère|d'été|brossée|émaillée|dorée|en céramique|très solide",
            "pour bébé|pour la maison|de qualité supérieure|modèle déposé|côté jardin|, prêt à l'emploi|façon bois"
            "|à œillets|édition limitée",
        ),
        WESTERN,
    ),
    Language(
        "Spanish",
        _words(
            "Silla|Lámpara|Cojín|Jarrón|Cafetera|Sartén|Baúl|Colchón|Espejo|Sofá|Estantería|Cinturón|Balón",
            "de diseño|de algodón|clásica|de jardín|eléctrica|plástico|artesanía española|mecánico|para niños|pequeño",
            "de última generación|tamaño grande|con garantía de dos años|edición única|fácil de montar"
            "|, línea económica"
            "|para el baño|, color marrón",
        ),
        WESTERN,
    ),
    Language(
        "Italian",
        _words(
            "Caffè|Tazza|Sedia|Libertà|Città|Coperta|Lampada|Cuscino|Tavolo|Bottiglia|Padella",
            "di qualità|già pronto|più leggera|in legno|per metà|della nonna|così comoda|antica",
            "con capacità di un litro|, novità|perché dura|, elasticità garantita|, unità singola|per l'attività fisica"
            "|, fedeltà 100 %",
        ),
        WESTERN,
    ),
    Language(
        "Portuguese",
        _words(
            "Cadeira|Lâmpada|Almofada|Colchão|Garrafão|Sabão|Mesa|Caçarola|Chá|Fogão|Calção|Maçaneta",
            "de algodão|elétrica|clássica|de criança|de latão|portátil|básico|artesanal à mão|de proteção|em promoção",
            "para a cozinha|, edição especial|para o verão|, tamanho médio|de alta precisão|, coleção nova|sem açúcar",
        ),
        WESTERN,
    ),
    Language(
        "Swedish",
        _words(
            "Stol|Bäddmadrass|Kökskniv|Kudde|Låda|Hylla|Dörrmatta|Gräsklippare|Väska|Sängöverkast|Skål|Ljusstake",
            "för trädgården|av björk|till köket|, blå|i stål|, grön och grå|för små barn|, hållbar",
            "med lång garanti|, storlek mellan|, två år|från Småland|för både ute och inne|, lätt att använda"
            "|, höjd 40",
        ),
        WESTERN,
    ),
    Language(
        "Polish",
        _words(
            "Krzesło|Łóżko|Poduszka|Stół|Świeca|Żarówka|Półka|Książka|Łyżka|Kołdra|Sukienka|Nożyczki|Garść",
            "drewniane|dębowe|z bawełny|łazienkowa|dziecięca|świąteczna|żółta|błękitna|ręcznie robiona|składane",
            "do kuchni|dla dzieci i młodzieży|o wysokości 40 cm|najwyższej jakości|z możliwością zwrotu|, duży zestaw"
            "|do sypialni i łazienki",
        ),
        CENTRAL,
    ),
    Language(
        "Czech",
        _words(
            "Židle|Stůl|Polštář|Hrnek|Svíčka|Nůž|Lžíce|Postel|Křeslo|Čajník|Talíř|Přikrývka|Žárovka",
            "dřevěná|dětská|z bavlny|kuchyňský|zahradní|světlý|růžový|žlutá|ručně vyráběný|měkký",
            "pro děti|do kuchyně|s dlouhou zárukou|, výška 40 cm|nejvyšší kvality|, český výrobek|k snídani i k večeři"
            "|ve slevě",
        ),
        CENTRAL,
    ),
    Language(
        "Hungarian",
        _words(
            "Szék|Asztal|Párna|Bögre|Gyertya|Kés|Ágynemű|Polc|Függöny|Törölköző|Lámpatest|Fűnyíró|Ülőke",
            "fából készült|gyerekeknek|pamutból|konyhai|kerti|erős|kézzel festett|zöld és kék|könnyű|időtálló|hűtött",
            "hosszú garanciával|, magasság 40 cm|a legjobb minőség|, magyar termék|, kétszemélyes|őszi gyűjtemény"
            "|, különleges ajánlat",
        ),
        CENTRAL,
    ),
    Language(
        "Turkish",
        _words(
            "Sandalye|Yastık|Masa|Çaydanlık|Işık|Bıçak|Örtü|Raf|Gömlek|Şemsiye|Ayakkabı|Çanta|Tişört|Kaşık",
            "ahşap|pamuklu|çocuk için|mutfak tipi|bahçe|yeşil|sarı|güçlü|el yapımı|ışıltılı|şık",
            "iki yıl garantili|, yükseklik 40|yüksek kaliteli|, Türk malı|çift kişilik|, kış koleksiyonu|özel indirim",
        ),
        ("cp1254", "iso8859-9", "utf-8", "utf-16-le"),
    ),
    Language(
        "Russian",
        _words(
            "Стул|Стол|Подушка|Чашка|Лампа|Свеча|Кресло|Полка|Одеяло|Скатерть|Кастрюля|Щётка|Ёлка",
            "деревянный|детская|из хлопка|кухонная|садовая|светлое|ручной работы|зелёный|складной|прочная",
            "для кухни|с гарантией два года|, высота 40 см|высшего качества|, российское производство|для всей семьи"
            "|со скидкой",
        ),
        CYRILLIC,
    ),
    Language(
        "Bulgarian",
        _words(
            "Стол|Маса|Възглавница|Чаша|Свещ|Рафт|Одеяло|Тенджера|Четка|Покривка|Играчка",
            "дървен|детска|от памук|кухненска|градински|светъл|ръчна изработка|зелен|сгъваем|здрава",
            "за кухнята|с гаранция две години|, височина 40 см|с високо качество|, българско производство|за дома",
        ),
        ("cp1251", "iso8859-5", "utf-8"),
    ),
    Language(
        "Greek",
        _words(
            "Καρέκλα|Τραπέζι|Μαξιλάρι|Κούπα|Λάμπα|Κερί|Ράφι|Κουβέρτα|Μαχαίρι|Κουτάλι|Πετσέτα|Ομπρέλα",
            "ξύλινη|παιδικό|από βαμβάκι|κουζίνας|κήπου|χειροποίητο|πράσινο|πτυσσόμενη|ανθεκτικό",
            "για το σπίτι|με εγγύηση δύο ετών|, ύψος 40|υψηλής ποιότητας|, ελληνικό προϊόν|για όλη την οικογένεια",
        ),
        ("cp1253", "iso8859-7", "utf-8", "utf-16-le"),
    ),
    Language(
        "Hebrew",
        _words(
            "כיסא|שולחן|כרית|ספל|מנורה|נר|מדף|שמיכה|סכין|כפית|מגבת|מטריה|כורסה",
            "מעץ אלון|לילדים|מכותנה|למטבח|לגינה|בעבודת יד|ירוק|מתקפל|חזק ועמיד",
            "לכל הבית|עם אחריות לשנתיים|, גובה 40|באיכות גבוהה|, תוצרת הארץ|לכל המשפחה",
        ),
        ("cp1255", "utf-8", "utf-16-le"),
    ),
    Language(
        "Arabic",
        _words(
            "كرسي|طاولة|وسادة|كوب|مصباح|شمعة|رف|بطانية|سكين|ملعقة|منشفة|مظلة",
            "خشبي|للأطفال|من القطن|للمطبخ|للحديقة|صناعة يدوية|أخضر|قابل للطي|متين",
            "لكل البيت|بضمان سنتين|، ارتفاع 40|بجودة عالية|، صناعة محلية|لكل العائلة",
        ),
        ("cp1256", "utf-8"),
    ),
    Language(
        "Lithuanian",
        _words(
            "Kėdė|Stalas|Pagalvė|Puodelis|Žvakė|Lentyna|Antklodė|Šaukštas|Rankšluostis|Skėtis|Žaislas",
            "medinė|vaikiškas|iš medvilnės|virtuvės|sodo|rankų darbo|žalias|sulankstoma|tvirtas|šviesus",
            "visai šeimai|su dvejų metų garantija|, aukštis 40|aukščiausios kokybės|, lietuviškas gaminys|į namus",
        ),
        ("cp1257", "utf-8"),
    ),
    Language(
        "Vietnamese",
        _words(
            "Ghế|Bàn|Gối|Cốc|Đèn|Nến|Kệ|Chăn|Dao|Thìa|Khăn|Ô dù|Nồi",
            "gỗ sồi|trẻ em|bằng bông|nhà bếp|sân vườn|thủ công|màu xanh lá|gấp gọn|bền chắc",
            "cho cả nhà|bảo hành hai năm|, chiều cao 40|chất lượng cao|, sản xuất tại Việt Nam|giá rẻ",
        ),
        # Python's cp1258 has combining marks, which text in composed characters cannot be written in.
        ("utf-8", "utf-16-le"),
    ),
    Language(
        "Thai",
        _words(
            "เก้าอี้|โต๊ะ|หมอน|ถ้วย|โคมไฟ|เทียน|ชั้นวาง|ผ้าห่ม|มีด|ช้อน|ผ้าเช็ดตัว|ร่ม",
            "ไม้โอ๊ค|สำหรับเด็ก|ผ้าฝ้าย|ในครัว|ในสวน|ทำมือ|สีเขียว|พับได้|แข็งแรง",
            "สำหรับทุกบ้าน|รับประกันสองปี|สูง 40|คุณภาพสูง|ผลิตในประเทศไทย|ราคาถูก",
        ),
        ("cp874", "utf-8"),
    ),
    Language(
        "Japanese",
        _words(
            "椅子|テーブル|枕|マグカップ|ランプ|ろうそく|本棚|毛布|包丁|スプーン|タオル|傘|やかん",
            "（木製）|（子供用）|綿１００％|台所用|庭用|手作りの|緑色|折りたたみ式|丈夫な",
            "家庭用|保証２年|高さ４０センチ|高品質|日本製|送料無料|限定品",
        ),
        ("cp932", "euc_jp", "utf-8", "utf-16-le"),
    ),
    Language(
        "Simplified Chinese",
        _words(
            "椅子|桌子|枕头|杯子|台灯|蜡烛|书架|毛毯|菜刀|勺子|毛巾|雨伞|水壶",
            "实木|儿童|纯棉|厨房用|花园|手工制作|绿色|可折叠|结实耐用",
            "适合全家|两年保修|高四十厘米|高品质|国产|包邮|限量版",
        ),
        ("gb18030", "utf-8", "utf-16-le"),
    ),
    Language(
        "Traditional Chinese",
        _words(
            "椅子|桌子|枕頭|杯子|檯燈|蠟燭|書架|毛毯|菜刀|湯匙|毛巾|雨傘|水壺",
            "實木|兒童|純棉|廚房用|花園|手工製作|綠色|可摺疊|堅固耐用",
            "適合全家|兩年保固|高四十公分|高品質|台灣製|免運費|限量版",
        ),
        ("big5", "utf-8", "utf-16-le"),
    ),
    Language(
        "Korean",
        _words(
            "의자|책상|베개|머그컵|램프|양초|책꽂이|담요|식칼|숟가락|수건|우산|주전자",
            "원목|어린이용|순면|주방용|정원용|수제|초록색|접이식|튼튼한",
            "온 가족용|이 년 보증|높이 40|고품질|국산|무료 배송|한정판",
        ),
        ("euc_kr", "cp949", "utf-8", "utf-16-le"),
    ),
)
# The ten of which the goal at 20 lines is higher.
TEN = ("German", "French", "Spanish", "Italian", "Portuguese", "Polish", "Czech", "Turkish", "Russian", "Japanese")
