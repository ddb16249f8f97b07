package attachment_test

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"mime"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/attachment"
	"roomcover.dev/roomcover/rules"
)

func picture(t *testing.T, w, h int) []byte {
	t.Helper()
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	for x := range w {
		for y := range h {
			img.SetNRGBA(x, y, color.NRGBA{R: uint8(x), G: uint8(y), A: 255})
		}
	}
	var out bytes.Buffer
	require.NoError(t, png.Encode(&out, img))
	return out.Bytes()
}

func zipped(t *testing.T, name string, content []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	w, err := z.Create(name)
	require.NoError(t, err)
	_, err = w.Write(content)
	require.NoError(t, err)
	require.NoError(t, z.Close())
	return out.Bytes()
}

const letter = "From: ana@customer.example\r\nDate: Mon, 23 Nov 2026 12:00:00 +0000\r\n" +
	"Subject: S\r\nContent-Type: text/html\r\n\r\n<html><script>1</script></html>"

func TestS43_FilesAreTakenByTheirContentAndTheirName(t *testing.T) {
	png := picture(t, 8, 8)
	var jpg bytes.Buffer
	require.NoError(t, jpeg.Encode(&jpg, image.NewGray(image.Rect(0, 0, 8, 8)), nil))
	heic := append([]byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic"), make([]byte, 64)...)
	mp4 := append([]byte("\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom"), make([]byte, 64)...)
	bomb := zipped(t, "zeros", make([]byte, 50<<20))
	require.Less(t, len(bomb), 100<<10)

	for _, c := range []struct{ name, content, kind, shown string }{
		{"a.png", string(png), "image/png", "a.png"},
		{"A.PNG", string(png), "image/png", "A.PNG"},
		{"a.jpg", string(png), "image/png", "a.png"},
		{"photo.jpeg", jpg.String(), "image/jpeg", "photo.jpeg"},
		{"image", jpg.String(), "image/jpeg", "image.jpg"},
		{"a.webp", "RIFF\x24\x00\x00\x00WEBPVP8 " + strings.Repeat("\x00", 32), "image/webp", "a.webp"},
		{"a.heic", string(heic), "image/heic", "a.heic"},
		{"a.mp4", string(mp4), "video/mp4", "a.mp4"},
		{"a.pdf", "%PDF-1.7\n%âãÏÓ\n", "application/pdf", "a.pdf"},
		{"a.log", "12:00 room down\n", "text/plain", "a.log"},
		{"a.log", "{\"room\":1}\n{\"room\":2}\n", "text/plain", "a.log"},
		{"notes", "plain words", "text/plain", "notes.txt"},
		{"a.csv", "a,b\n1,2\n3,4\n", "text/csv", "a.csv"},
		{"a.csv", "one", "text/csv", "a.csv"},
		{"a.zip", string(bomb), "application/zip", "a.zip"}, // it is not opened
		{"a.eml", letter, "message/rfc822", "a.eml"},
		{"letter", letter, "message/rfc822", "letter.eml"},
		{"x.exe.pdf", "%PDF-1.7\n", "application/pdf", "x.exe.pdf"},
	} {
		kind, shown, err := attachment.Check(c.name, head(c.content))
		require.NoError(t, err, c.name)
		require.Equal(t, c.kind, kind.MediaType, c.name)
		require.Equal(t, c.shown, shown, c.name)
	}

	for name, content := range map[string]string{
		"html.png":    "<!DOCTYPE html><html><script>alert(1)</script></html>",
		"html2.txt":   "\n  <html><body>x</body></html>",
		"svg.svg":     `<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>`,
		"svg.png":     `<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>`,
		"svg.txt":     `<svg xmlns="http://www.w3.org/2000/svg"/>`,
		"a.xml":       `<?xml version="1.0"?><a/>`,
		"b.txt":       `<?xml version="1.0"?><a/>`,
		"page.html":   "plain words",
		"page.xhtml":  "plain words",
		"run.bat":     "echo 1",
		"run.js":      "plain words",
		"a.pdf.exe":   "%PDF-1.7\n",
		"setup.exe":   "MZ\x90\x00\x03\x00\x00\x00" + strings.Repeat("\x00", 256),
		"setup.txt":   "MZ\x90\x00\x03\x00\x00\x00" + strings.Repeat("\x00", 256),
		"elf.pdf":     "\x7fELF\x02\x01\x01" + strings.Repeat("\x00", 256),
		"script.txt":  "#!/bin/sh\nrm -rf /\n",
		"php.txt":     "<?php phpinfo();",
		"a.gif":       "GIF89a\x01\x00\x01\x00",
		"words.png":   "plain words",
		"a.pdf":       string(png),
		"a.mp4":       "%PDF-1.7\n",
		"no.eml":      "plain words without a header",
		"program.jar": string(zipped(t, "META-INF/MANIFEST.MF", []byte("x"))),
		"program.zip": string(zipped(t, "META-INF/MANIFEST.MF", []byte("x"))),
		"empty.txt":   "",
		"noise.bin":   "\x00\x01\x02\x03\xff\xfe\x00\x10",
	} {
		_, _, err := attachment.Check(name, head(content))
		require.Equal(t, attachment.Refused, rules.CodeOf(err), name)
		require.NotContains(t, err.Error(), name)
	}
}

func head(content string) []byte {
	return []byte(content[:min(len(content), attachment.HeadSize)])
}

func TestS43_NamesAreDisplayTextAlone(t *testing.T) {
	for name, want := range map[string]string{
		`C:\Users\ana\sala.png`:           "sala.png",
		"../../etc/passwd":                "passwd",
		"..":                              "file",
		"":                                "file",
		" . ":                             "file",
		".png":                            "file.png",
		"invoice\u202egnp.exe":            "invoicegnp.exe",
		"a\u200bb\x00c\r\nX: y.png":       "abcX_ y.png",
		"Sala a\u0301.png":                "Sala á.png",
		`<b>"x"|?*.png`:                   "_b__x____.png",
		"nome  com\u00a0 espaços .png .":  "nome com espaços .png",
		"\xff\xfe.png":                    "_.png",
		strings.Repeat("é", 300) + ".png": strings.Repeat("é", 116) + ".png",
	} {
		got := attachment.CleanName(name)
		require.Equal(t, want, got, "%q", name)
		require.LessOrEqual(t, utf8.RuneCountInString(got), attachment.MaxName)
		require.Equal(t, got, attachment.CleanName(got), "clean is clean")
		_, unseen := rules.UnseenRune(got)
		require.False(t, unseen)
	}

	for _, name := range []string{
		"sala.png", `a"b;c\.png`, "São Paulo – sala 4.png", "会议室.png", "100% ok+ä.png",
		"x\r\nSet-Cookie: a=b.png",
	} {
		header := attachment.Disposition(name)
		require.NotContains(t, header, "\r")
		require.NotContains(t, header, "\n")
		kind, params, err := mime.ParseMediaType(header)
		require.NoError(t, err, header)
		require.Equal(t, "attachment", kind)
		require.Equal(t, attachment.CleanName(name), params["filename"], header)
	}
	require.Equal(t, `attachment; filename="S_o.png"; filename*=UTF-8''S%C3%A3o.png`,
		attachment.Disposition("São.png"))
}

// bombOf is a PNG of a few bytes that says it has as many pixels as it can.
func bombOf(w, h uint32) []byte {
	chunk := func(kind string, data []byte) []byte {
		out := binary.BigEndian.AppendUint32(nil, uint32(len(data)))
		out = append(append(out, kind...), data...)
		return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(out[4:]))
	}
	size := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, w), h)
	out := append([]byte("\x89PNG\r\n\x1a\n"), chunk("IHDR", append(size, 8, 6, 0, 0, 0))...)
	out = append(out, chunk("IDAT", make([]byte, 100<<10))...)
	return append(out, chunk("IEND", nil)...)
}

func TestS43_APictureBombIsNotDecoded(t *testing.T) {
	for _, size := range [][2]uint32{{65535, 65535}, {1 << 30, 1 << 30}, {16 << 20, 2}, {4097, 4096}} {
		kind, _, err := attachment.Check("bomb.png", head(string(bombOf(size[0], size[1]))))
		require.NoError(t, err, "it may be kept")
		require.True(t, kind.Previewed)
		_, err = attachment.MakeThumbnail(bytes.NewReader(bombOf(size[0], size[1])))
		require.ErrorIs(t, err, attachment.ErrNoPreview)
	}
	for _, damaged := range [][]byte{nil, []byte("\x89PNG\r\n\x1a\n"), picture(t, 9, 9)[:60]} {
		_, err := attachment.MakeThumbnail(bytes.NewReader(damaged))
		require.ErrorIs(t, err, attachment.ErrNoPreview)
	}
}

// held is a JPEG that was held sideways, with a place in its EXIF.
func held(t *testing.T, orientation uint16) []byte {
	t.Helper()
	img := image.NewGray(image.Rect(0, 0, 800, 400))
	for x := range 100 {
		for y := range 100 {
			img.SetGray(x, y, color.Gray{Y: 255}) // the corner at the top left is white
		}
	}
	var out bytes.Buffer
	require.NoError(t, jpeg.Encode(&out, img, nil))

	tiff := []byte("MM\x00\x2a\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01")
	tiff = append(binary.BigEndian.AppendUint16(tiff, orientation), 0, 0, 0, 0, 0, 0)
	exif := append(append([]byte("Exif\x00\x00"), tiff...), "GPS SECRET PLACE"...)
	segment := binary.BigEndian.AppendUint16([]byte{0xff, 0xe1}, uint16(len(exif)+2))
	return append(append(append([]byte{0xff, 0xd8}, segment...), exif...), out.Bytes()[2:]...)
}

func TestS43_SmallPicturesAreDrawnAnewAndUpright(t *testing.T) {
	for orientation, white := range map[uint16]string{
		1: "top left", 2: "top right", 3: "bottom right", 4: "bottom left",
		5: "top left", 6: "top right", 7: "bottom right", 8: "bottom left", 9: "top left",
	} {
		file := held(t, orientation)
		require.Contains(t, string(file), "SECRET")
		small, err := attachment.MakeThumbnail(bytes.NewReader(file))
		require.NoError(t, err)
		require.Equal(t, "image/jpeg", small.MediaType)
		require.NotContains(t, string(small.Content), "SECRET")
		require.NotContains(t, string(small.Content), "Exif")

		drawn, err := jpeg.Decode(bytes.NewReader(small.Content))
		require.NoError(t, err)
		w, h := drawn.Bounds().Dx(), drawn.Bounds().Dy()
		want := [2]int{480, 240}
		if orientation >= 5 && orientation <= 8 {
			want = [2]int{240, 480}
		}
		require.Equal(t, want, [2]int{w, h}, fmt.Sprint(orientation))
		for corner, at := range map[string][2]int{
			"top left": {5, 5}, "top right": {w - 6, 5},
			"bottom left": {5, h - 6}, "bottom right": {w - 6, h - 6},
		} {
			r, _, _, _ := drawn.At(at[0], at[1]).RGBA()
			require.Equal(t, corner == white, r > 0x8000, "%d: %s", orientation, corner)
		}
	}

	small, err := attachment.MakeThumbnail(bytes.NewReader(picture(t, 3, 2000)))
	require.NoError(t, err)
	require.Equal(t, [2]int{1, 480}, [2]int{small.Width, small.Height})
}
