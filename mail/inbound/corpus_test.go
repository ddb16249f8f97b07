package inbound_test

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/mail/inbound"
	"roomcover.dev/roomcover/mail/thread"
)

var (
	formerKeys = thread.NewKeys([]byte("the key of last year, thirty-two bytes"))
	keys       = thread.NewKeys(
		[]byte("the key of this year, thirty-two bytes"),
		[]byte("the key of last year, thirty-two bytes"))
	options = inbound.Options{
		Keys:        keys,
		AuthServIDs: []string{"mx.support.example"},
		Hops:        1,
	}
)

const mailbox = "help@support.example"

var placeholder = regexp.MustCompile(`(?i)\{\{(\w+) ([^}]*)\}\}`)

// sample is a mail of the corpus. What only our keys can make stands there as {{reply TICKET}},
// {{former TICKET}} and {{id TICKET MESSAGE RECIPIENT}}.
func sample(t testing.TB, name string) []byte {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", name+".eml"))
	require.NoError(t, err)
	return placeholder.ReplaceAllFunc(raw, func(found []byte) []byte {
		parts := placeholder.FindStringSubmatch(string(found))
		args := strings.Fields(parts[2])
		extension := func(k thread.Keys) []byte {
			address := k.ReplyAddress(mailbox, args[0])
			return []byte(address[strings.Index(address, "+")+1 : strings.Index(address, "@")])
		}
		switch parts[1] {
		case "reply":
			return extension(keys)
		case "REPLY":
			return bytes.ToUpper(extension(keys))
		case "former":
			return extension(formerKeys)
		case "id":
			return []byte(keys.MessageID(args[0], args[1], args[2]))
		}
		t.Fatalf("%s: %s", name, found)
		return nil
	})
}

// participants of TK-10023.
var participants = []string{
	"ana@alfa.example", "rui@alfa.example", "tec@integrador.example", "agente@support.example",
}

// verdict is what is expected of a mail of the corpus.
type verdict struct {
	outcome inbound.Outcome
	reason  inbound.Reason
	auth    inbound.Verdict
	ticket  inbound.TicketProof
	text    string // begins with
	quoted  bool
	files   []string
	extra   func(*testing.T, inbound.Mail)
}

const (
	message   = inbound.BecomesMessage
	automatic = inbound.BecomesAutomaticReply
	item      = inbound.BecomesItem
	filed     = inbound.BecomesFiled
	delivery  = inbound.BecomesDelivery
)

var verdicts = map[string]verdict{
	"gmail_reply": {message, "PROVED", "PASS", "ADDRESS",
		"Já reiniciamos a câmera, e a luz continua vermelha.", true, nil, nil},
	"gmail_header_only": {message, "PROVED", "PASS", "HEADER", "Funcionou depois", false, nil, nil},
	"header_not_proved": {item, "UNPROVED", "NONE", "HEADER", "Fechem o chamado", false, nil, nil},
	"outlook_thread_index": {message, "PROVED", "PASS", "ADDRESS",
		"Bom dia,\n\nO número de série é 2231LZ0A1B8.", true, nil,
		func(t *testing.T, m inbound.Mail) {
			require.Equal(t, "AQHbQ5Zkq0m7m1m6a0uH9yqJr2n4Fg==", m.ThreadIndex)
			require.Equal(t, "[TK-10023] Sala Ipê sem imagem", m.ThreadTopic)
			require.Empty(t, m.Automatic, "X-Auto-Response-Suppress marks no answer")
			require.True(t, m.Unanswerable)
			require.True(t, strings.HasSuffix(m.Text, "Rui"), m.Text)
		}},
	"outlook_english": {message, "PROVED", "PASS", "ADDRESS", "The red light is still on.", true, nil,
		func(t *testing.T, m inbound.Mail) {
			require.Contains(t, m.Text, "our wiki (https://wiki.alfa.example/rooms)")
			require.Contains(t, m.Quoted, "Is the camera switched on?")
			require.NotContains(t, m.Text+m.Quoted, "margin")
		}},
	"iphone_reply": {message, "PROVED", "PASS", "ADDRESS",
		"A sala parou de novo. Segue a foto.", true, []string{"IMG_0042.png"},
		func(t *testing.T, m inbound.Mail) {
			require.True(t, m.Attachments[0].Inline)
			require.EqualValues(t, 8+256*8, m.Attachments[0].Size())
			require.True(t, strings.HasSuffix(m.Text, "Enviado do meu iPhone"), m.Text)
		}},
	"apple_mail_mac":          {message, "PROVED", "PASS", "ADDRESS", "It works again, thank you.", true, nil, nil},
	"thunderbird_interleaved": {message, "PROVED", "PASS", "ADDRESS", "On 12/1/26", false, nil, nil},
	"thunderbird_bottom": {message, "PROVED", "PASS", "ADDRESS", "Am 01.12.26", false, nil,
		func(t *testing.T, m inbound.Mail) { require.Contains(t, m.Text, "Yes, since Monday.") }},
	"ooo_ptbr_exchange": {automatic, "AUTOMATIC", "PASS", "ADDRESS", "Estou de férias", false, nil, nil},
	"ooo_en_gmail":      {automatic, "AUTOMATIC", "PASS", "ADDRESS", "I am away", false, nil, nil},
	"ooo_de_outlook":    {automatic, "AUTOMATIC", "PASS", "ADDRESS", "Ich bin bis", false, nil, nil},
	"ooo_stranger":      {filed, "AUTOMATIC", "FAIL", "HEADER", "I left", false, nil, nil},
	"ooo_null_sender":   {automatic, "AUTOMATIC", "PASS", "ADDRESS", "Volto", false, nil, nil},
	"dsn_gmail": {delivery, "REPORT", "NONE", "HEADER", "** Address not found **", false,
		[]string{""}, reports("ntf_01kb5c0000000000000000000a", "failed", "5.1.1")},
	"dsn_postfix": {delivery, "REPORT", "NONE", "", "", false, nil,
		reports("ntf_01kb5c0000000000000000000b", "failed", "5.1.2")},
	"dsn_postfix_delayed": {delivery, "REPORT", "NONE", "", "THIS IS A WARNING", false, nil,
		reports("ntf_01kb5c0000000000000000000b", "delayed", "4.4.1")},
	"dsn_exchange": {delivery, "REPORT", "NONE", "HEADER", "Delivery has failed", false, nil,
		reports("ntf_01kb5c0000000000000000000a", "failed", "5.1.10")},
	"dsn_forged": {delivery, "REPORT", "NONE", "", "", false, nil,
		func(t *testing.T, m inbound.Mail) { require.Nil(t, m.Report.About) }},
	"read_receipt": {automatic, "AUTOMATIC", "NONE", "ADDRESS", "Sua mensagem foi lida", false,
		[]string{""}, nil},
	"mailing_list": {filed, "AUTOMATIC", "PASS", "", "Novidades", false, nil,
		func(t *testing.T, m inbound.Mail) {
			require.Equal(t, "Novidades\nLeia mais (https://lists.example/1)", m.Text)
		}},
	"own_mail_looped": {filed, "AUTOMATIC", "PASS", "ADDRESS", "", false, nil,
		func(t *testing.T, m inbound.Mail) { require.Contains(t, m.Automatic, inbound.OurOwn) }},
	"agent_by_mail":         {message, "PROVED", "PASS", "ADDRESS", "Chego na sala", false, nil, nil},
	"forged_references":     {item, "STRANGER", "PASS", "HEADER", "Please send the", false, nil, nil},
	"forged_signed_address": {item, "STRANGER", "PASS", "ADDRESS", "Me too.", false, nil, nil},
	"spoofed_member":        {item, "FORGED", "FAIL", "ADDRESS", "Mandem o convite", false, nil, nil},
	"forged_results_below":  {item, "UNPROVED", "NONE", "HEADER", "Ok.", false, nil, nil},
	"results_in_quotes":     {item, "UNPROVED", "NONE", "HEADER", "Ok.", false, nil, nil},
	"other_servers_results": {item, "UNPROVED", "NONE", "HEADER", "Ok.", false, nil, nil},
	"two_senders": {item, "STRANGER", "NONE", "ADDRESS", "Ok.", false, nil,
		func(t *testing.T, m inbound.Mail) {
			require.Empty(t, m.From.Email)
			require.Contains(t, m.Problems, inbound.SeveralSenders)
		}},
	"subject_number_only": {item, "NO_TICKET", "PASS", "", "Alguma novidade?", false, nil,
		func(t *testing.T, m inbound.Mail) { require.Equal(t, "TK-10023", m.HintedTicket) }},
	"changed_signature": {item, "NO_TICKET", "PASS", "", "Este chamado", false, nil, nil},
	"windows_1252": {message, "PROVED", "PASS", "ADDRESS",
		"A câmera “travou” – não há imagem. Preço: 100 €", false, nil,
		func(t *testing.T, m inbound.Mail) {
			require.Equal(t, "Re: [TK-10023] Sala Ipê", m.Subject)
		}},
	"charset_missing": {message, "PROVED", "PASS", "ADDRESS", "A câmera não liga.", false, nil, nil},
	"broken_header": {message, "PROVED", "PASS", "ADDRESS", "O texto continua aqui.", false, nil,
		func(t *testing.T, m inbound.Mail) {
			require.Contains(t, m.Problems, inbound.BrokenHeader)
			require.Equal(t, "bh@alfa.example", m.MessageID)
		}},
	"broken_parts": {message, "PROVED", "PASS", "ADDRESS", "Antes da parte quebrada.", false,
		[]string{"a.bin", "foto.png"}, func(t *testing.T, m inbound.Mail) {
			require.Contains(t, m.Problems, inbound.BrokenParts)
		}},
	"boundary_missing": {message, "PROVED", "PASS", "ADDRESS", "Sem fronteira nenhuma", false, nil, nil},
	"nested_eml": {message, "PROVED", "PASS", "ADDRESS", "Segue o aviso", false,
		[]string{"aviso.eml"}, func(t *testing.T, m inbound.Mail) {
			require.NotContains(t, m.Text, "inner text")
			content, err := io.ReadAll(m.Attachments[0].Content.Reader())
			require.NoError(t, err)
			require.Contains(t, string(content), "inner text")
		}},
	"attachments": {message, "PROVED", "PASS", "ADDRESS", "Log e foto em anexo.", false,
		[]string{"log.txt", "câmera da sala.png", "evil.exe"}, nil},
	"calendar_reply": {automatic, "AUTOMATIC", "PASS", "ADDRESS", "", false, []string{""}, nil},
	"new_request": {item, "NO_TICKET", "PASS", "", "Cliquei no link", false, nil,
		func(t *testing.T, m inbound.Mail) {
			require.Equal(t, inbound.ExpiredLink, inbound.Guess(m.Subject, m.Text))
			require.Equal(t, inbound.Address{Name: "Marcos da TI", Email: "marcos@beta.example"}, m.From)
		}},
	"tsp_reply":          {message, "PROVED", "PASS", "ADDRESS", "Estarei no local amanhã.", true, nil, nil},
	"upper_case_address": {message, "PROVED", "PASS", "ADDRESS", "Recebido.", false, nil, nil},
	"former_key":         {message, "PROVED", "PASS", "ADDRESS", "Resposta a um", false, nil, nil},
	"empty_body":         {message, "PROVED", "PASS", "ADDRESS", "", false, nil, nil},
}

func reports(about, action, status string) func(*testing.T, inbound.Mail) {
	return func(t *testing.T, m inbound.Mail) {
		require.NotNil(t, m.Report.About)
		require.Equal(t, about, m.Report.About.Message)
		require.Equal(t, action, m.Report.Action)
		require.Equal(t, status, m.Report.Status)
		require.Equal(t, action == "failed", m.Report.Failed())
	}
}

// Every mail of the corpus has its verdict: which are messages of the ticket, which are for an
// operator, and which are nobody's.
func TestS44_EachMailOfTheCorpusHasItsVerdict(t *testing.T) {
	files, err := filepath.Glob("testdata/*.eml")
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(files), 30)
	require.Len(t, verdicts, len(files), "each mail has a verdict")

	for name, want := range verdicts {
		t.Run(name, func(t *testing.T) {
			e := inbound.Envelope{From: "bounce@sender.example", To: mailbox, Known: true}
			if strings.HasPrefix(name, "dsn_") || name == "ooo_null_sender" {
				e.From = ""
			}
			m, err := inbound.Read(bytes.NewReader(sample(t, name)), e, options)
			require.NoError(t, err)

			outcome, reason := inbound.Decide(m, slices.Contains(participants, m.From.Email))
			require.Equal(t, want.outcome, outcome, "%s %v", reason, m.Automatic)
			require.Equal(t, want.reason, reason)
			require.Equal(t, want.auth, m.Authentication.Verdict)
			proof := inbound.TicketProof("")
			if m.Ticket != nil {
				proof = m.Ticket.By
				require.Equal(t, "TK-10023", m.Ticket.Number)
			}
			require.Equal(t, want.ticket, proof)
			require.True(t, strings.HasPrefix(m.Text, want.text), m.Text)
			require.Equal(t, want.quoted, m.Quoted != "", m.Quoted)

			var names []string
			for _, a := range m.Attachments {
				names = append(names, a.Name)
			}
			require.Equal(t, want.files, names)
			if want.extra != nil {
				want.extra(t, m)
			}
		})
	}
}
