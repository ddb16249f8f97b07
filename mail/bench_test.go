package mail

import "testing"

// What rendering a mail costs; it is paid four times an order and ten times a
// replacement.
func BenchmarkRender(b *testing.B) {
	for _, template := range []string{"order_confirmation", "invitation", "rma_update"} {
		b.Run(template, func(b *testing.B) {
			content := sampleContent(b, template, "pt-BR", nil)
			for b.Loop() {
				if _, _, _, err := Render(content); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
