package label_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/unicode/norm"

	"roomcover.dev/roomcover/label"
)

var day = time.Date(2026, 9, 4, 14, 0, 0, 0, time.UTC)

func shipping() label.Label {
	return label.Label{
		Locale:    "pt-BR",
		Carrier:   "Transportadora",
		Service:   "EXPRESS",
		Tracking:  "SIM4C1D0A7B22F0E9",
		Reference: "shp_01kb4z9m2v",
		DeliverBy: "08/09/2026",
		Contents:  "Barra de vídeo RALLY-BAR",
		Date:      day,
		From: label.Party{
			Name:       "Depósito Campinas",
			Street:     "Rodovia Dom Pedro I, km 87",
			City:       "Campinas",
			Region:     "SP",
			PostalCode: "13069-380",
			Country:    "BR",
		},
		To: label.Party{
			Name:       "Ana Souza",
			Company:    "Acme Ltda",
			Street:     "Av. Paulista, 1000, 12º andar",
			City:       "São Paulo",
			Region:     "SP",
			PostalCode: "01310-100",
			Country:    "BR",
			Phone:      "+55 11 5555-0100",
		},
	}
}

func packing() label.Slip {
	l := shipping()
	return label.Slip{
		Locale:    "pt-BR",
		From:      l.From,
		To:        l.To,
		Reference: "rma_01kb4z9m2v",
		Tracking:  l.Tracking,
		Date:      day,
		DateText:  "04/09/2026",
		Items:     []label.Item{{"RALLY-BAR", "Barra de vídeo para salas médias", "2147LZ0A1B2C", 1}},
		Returns: []string{
			"Coloque o equipamento com defeito nesta caixa e cole a etiqueta de devolução.",
			"Prazo: 22/09/2026, até o fim do dia.",
		},
	}
}

// textOf reads a PDF's text with another program; without it the test is skipped
// aloud, or fails when all must run.
func textOf(t *testing.T, pdf []byte) string {
	t.Helper()
	if _, err := exec.LookPath("pdftotext"); err != nil && os.Getenv("ROOMCOVER_TEST_ALL") == "" {
		t.Skip("SKIPPED: pdftotext is not installed; install the package poppler-utils to run this")
	}
	file := filepath.Join(t.TempDir(), "page.pdf")
	require.NoError(t, os.WriteFile(file, pdf, 0o600))
	out, err := exec.Command("pdftotext", "-layout", file, "-").CombinedOutput()
	require.NoError(t, err, string(out))
	return string(out)
}

func drawn(t *testing.T, pdf []byte, err error) []byte {
	t.Helper()
	require.NoError(t, err)
	require.True(t, bytes.HasPrefix(pdf, []byte("%PDF-")))
	if dir := os.Getenv("LABEL_OUT"); dir != "" { // to look at them as pictures
		require.NoError(t, os.WriteFile(filepath.Join(dir, strings.ReplaceAll(t.Name(), "/", "_")+".pdf"), pdf, 0o600))
	}
	return pdf
}

func TestLabelSaysWhatItIsGiven(t *testing.T) {
	pdf, err := shipping().PDF()
	text := textOf(t, drawn(t, pdf, err))
	for _, want := range []string{
		"Remetente", "Destinatário", "Ana Souza", "Acme Ltda", "Av. Paulista, 1000, 12º andar",
		"01310-100 São Paulo – SP", "BRAZIL", "+55 11 5555-0100", "Entregar até", "08/09/2026", "Referência",
		"shp_01kb4z9m2v", "SIM4C1D0A7B22F0E9", "Depósito Campinas", "Transportadora", "EXPRESS",
	} {
		require.Contains(t, text, want)
	}
	english := shipping()
	english.Locale, english.DeliverBy = "en-GB", ""
	pdf, err = english.PDF()
	text = textOf(t, drawn(t, pdf, err))
	require.Contains(t, text, "Reference")
	require.NotContains(t, text, "Deliver by", "nothing was promised")
}

func TestSlipSaysWhatItIsGiven(t *testing.T) {
	pdf, err := packing().PDF()
	text := textOf(t, drawn(t, pdf, err))
	for _, want := range []string{
		"Romaneio de remessa", "rma_01kb4z9m2v", "RALLY-BAR", "2147LZ0A1B2C", "Número de série", "Devolução",
		"Prazo: 22/09/2026", "04/09/2026",
	} {
		require.Contains(t, text, want)
	}
	empty := packing()
	empty.Locale = "en"
	empty.Items = nil
	empty.Returns = nil
	pdf, err = empty.PDF()
	text = textOf(t, drawn(t, pdf, err))
	require.Contains(t, text, "Packing slip")
	require.Contains(t, text, "No items")
	require.NotContains(t, text, "Devolução")
}

// The same data gives the same bytes, whenever it is drawn; other data others.
func TestPagesAreDeterministic(t *testing.T) {
	for range 5 {
		first, err := shipping().PDF()
		require.NoError(t, err)
		second, err := shipping().PDF()
		require.NoError(t, err)
		require.True(t, bytes.Equal(first, second))
		slip, err := packing().PDF()
		require.NoError(t, err)
		again, err := packing().PDF()
		require.NoError(t, err)
		require.True(t, bytes.Equal(slip, again))
		other := shipping()
		other.To.Name = "Bia"
		third, err := other.PDF()
		require.NoError(t, err)
		require.False(t, bytes.Equal(first, third))
		require.Less(t, len(first), 200_000, "a page holds only the letters that it uses")
	}
}

func TestNamesOfTheWorldAreReadable(t *testing.T) {
	l := shipping()
	l.From.Name = "Αθήνα Κεντρική αποθήκη · Склад Москва · Łódź Żółć ğış"
	l.To = label.Party{
		Name:       "山田 太郎 · 김철수 · 王小明",
		Company:    "株式会社アクメ 東京支社",
		Street:     "شارع الملك فهد 12 · רחוב הרצל 5",
		City:       "東京都千代田区丸の内",
		PostalCode: "100-0005",
		Country:    "JP",
	}
	pdf, err := l.PDF()
	text := textOf(t, drawn(t, pdf, err))
	for _, want := range []string{
		"山田", "太郎", "김철수", "王小明", "株式会社アクメ", "Αθήνα", "Москва", "Łódź", "東京都千代田区丸の内", "JAPAN",
	} {
		require.Contains(t, text, want)
	}
	for _, text := range []string{
		l.From.Name, l.To.Name, l.To.Company, l.To.Street, "Đặng Thị Ảnh", "Şəhər Ərzurum", "Հայաստան", "საქართველო",
		"پژوهش گچ", "أَحْمَد",
	} {
		require.Empty(t, label.Unreadable(text), text)
	}
}

// scripts are addresses in the letters of the countries served.
var scripts = map[string]string{
	"Thai":       "กรุงเทพมหานคร ถนนสุขุมวิท น้ำใจ ที่อยู่",
	"Lao":        "ນະຄອນຫຼວງວຽງຈັນ ຖະໜົນລ້ານຊ້າງ",
	"Khmer":      "រាជធានីភ្នំពេញ មហាវិថីព្រះនរោត្តម",
	"Burmese":    "ရန်ကုန်မြို့ ဗိုလ်ချုပ်အောင်ဆန်းလမ်း",
	"Hindi":      "नई दिल्ली, राष्ट्रीय राजमार्ग, श्री क्षेत्र",
	"Bengali":    "কলকাতা, পশ্চিমবঙ্গ, রাষ্ট্রপতি সড়ক",
	"Punjabi":    "ਅੰਮ੍ਰਿਤਸਰ, ਪੰਜਾਬ",
	"Gujarati":   "અમદાવાદ, ગુજરાત, શ્રી માર્ગ",
	"Odia":       "ଭୁବନେଶ୍ୱର, ଓଡ଼ିଶା",
	"Tamil":      "சென்னை, தமிழ்நாடு, கோயம்புத்தூர்",
	"Telugu":     "హైదరాబాద్, ఆంధ్రప్రదేశ్",
	"Kannada":    "ಬೆಂಗಳೂರು, ಕರ್ನಾಟಕ",
	"Malayalam":  "തിരുവനന്തപുരം, കേരളം",
	"Sinhala":    "කොළඹ, ශ්\u200dරී ලංකාව",
	"Amharic":    "አዲስ አበባ፣ ኢትዮጵያ",
	"Han":        "𠮷野家 髙島屋 𩸽 㐂",
	"Chinese":    "北京市朝阳区 臺北市信義區 香港灣仔",
	"Japanese":   "東京都千代田区 ヤマダ・タロウ",
	"Korean":     "서울특별시 강남구 김철수",
	"Arabic":     "شارع الملك فهد",
	"Hebrew":     "רחוב הרצל",
	"Russian":    "Москва, улица Тверская",
	"Greek":      "Αθήνα, οδός Ερμού",
	"Georgian":   "თბილისი, რუსთაველის გამზირი",
	"Armenian":   "Երևան, Մաշտոցի պողոտա",
	"Vietnamese": "Đường Nguyễn Huệ, Quận Bến Nghé",
}

// Each is looked at in a picture with LABEL_OUT; here another program finds the text.
func TestEveryScriptOfTheCountriesServedIsPrinted(t *testing.T) {
	for name, address := range scripts {
		t.Run(name, func(t *testing.T) {
			require.Empty(t, label.Unreadable(address))
			l, s := shipping(), packing()
			l.To.Name, l.To.Street, l.To.City = address, address, "12 "+address
			s.To = l.To
			pdf, err := l.PDF()
			text := textOf(t, drawn(t, pdf, err))
			require.NotContains(t, text, "□")
			if name != "Arabic" && name != "Hebrew" { // as they are set, from left to right
				word := strings.Trim(strings.Fields(address)[0], ",")
				require.Contains(t, norm.NFC.String(text), norm.NFC.String(word))
			}
			pdf, err = s.PDF()
			require.NoError(t, err)
			require.NotContains(t, textOf(t, pdf), "□")
		})
	}
}

func TestDrawnPagesAreDeterministicToo(t *testing.T) {
	l := shipping()
	l.To.Name, l.To.Street = scripts["Thai"], scripts["Hindi"]
	first, err := l.PDF()
	require.NoError(t, err)
	for range 3 {
		again, err := l.PDF()
		require.NoError(t, err)
		require.True(t, bytes.Equal(first, again))
	}
}

func TestLettersThatCannotBeSetAreTold(t *testing.T) {
	require.Equal(t, []rune("😀"), label.Unreadable("Ana 😀 Souza 😀"))
	require.Empty(t, label.Unreadable("Ana\u200b \u202eSouza\ufe0f"), "nobody sees these")
	require.NotEmpty(t, label.Unreadable("ᏣᎳᎩ"), "Cherokee")
	l := shipping()
	l.To.Name = "Ana 😀 กรุงเทพ"
	l.To.City = "ᏣᎳᎩ"
	l.To.Street = ""
	require.Equal(t, []rune("😀ᏣᎳᎩ"), l.To.Unreadable())
	pdf, err := l.PDF()
	text := textOf(t, drawn(t, pdf, err))
	require.NotContains(t, text, "□")
	require.Regexp(t, `Ana กรุงเทพ\s+\(emoji\)`, text, "the rest stands there")
	require.Contains(t, strings.ToLower(text), "tsalagi", "what it sounds like stands there")
}

func TestLongNamesAndAddressesStayOnTheLabel(t *testing.T) {
	l := shipping()
	l.To.Name = strings.Repeat("Maria da Conceição dos Santos ", 6)
	l.To.Company =
		"Associação Brasileira das Empresas de Tecnologia da Informação e Comunicação do Interior Paulista Ltda"
	l.To.Street = strings.Repeat("Avenida Engenheiro Luís Carlos Berrini ", 5) + "105"
	l.To.City = "Vila Bela da Santíssima Trindade do Sul e dos Campos Gerais"
	l.Reference = strings.Repeat("r", 90)
	l.Contents = strings.Repeat("Barra de vídeo ", 20)
	pdf, err := l.PDF()
	text := textOf(t, drawn(t, pdf, err))
	require.Contains(t, text, "Maria da Conceição")
	require.Contains(t, text, "Berrini 105", "the end of the street is there")
	require.Contains(t, text, "BRAZIL")
	require.Contains(t, text, "…", "what cannot stand there is cut, and seen to be")
	require.Equal(t, 1, bytes.Count(pdf, []byte("/Type /Page\n")), "one page")
}

func TestSlipGoesOnOverPages(t *testing.T) {
	s := packing()
	for i := range 60 {
		s.Items = append(s.Items, label.Item{
			Model:       "TAP-" + strings.Repeat("X", i%50),
			Description: strings.Repeat("Painel de toque para mesas ", i%8),
			Serial:      strings.Repeat("9", 30),
			Quantity:    i + 1,
		})
	}
	pdf, err := s.PDF()
	text := textOf(t, drawn(t, pdf, err))
	require.Greater(t, strings.Count(text, "Número de série"), 1, "each page has its heading")
	require.Contains(t, text, "60")
	require.Contains(t, text, "Devolução")
}

func TestBarcodesAreASCII(t *testing.T) {
	for _, bad := range []string{"", "número", strings.Repeat("x", 81)} {
		l, s := shipping(), packing()
		l.Tracking, s.Reference = bad, bad
		_, err := l.PDF()
		require.Error(t, err)
		_, err = s.PDF()
		require.Error(t, err)
	}
}

func TestFontsKeepTheirLicences(t *testing.T) {
	for file, words := range map[string]string{
		"fonts/LICENSE-DejaVu.txt": "Bitstream",
		"fonts/LICENSE-Droid.txt":  "Apache License",
		"fonts/LICENSE-Nanum.txt":  "SIL OPEN FONT LICENSE",
		"fonts/LICENSE-Noto.txt":   "SIL OPEN FONT LICENSE",
		"fonts/README.md":          "fonts-noto-core",
	} {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		require.Contains(t, string(text), words)
	}
}
