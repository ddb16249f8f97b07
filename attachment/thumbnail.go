package attachment

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/draw"
	"image/jpeg"
	"image/png"
	"io"

	scaling "golang.org/x/image/draw"
	_ "golang.org/x/image/webp" // decodes WebP
)

const (
	// thumbnailEdge is the longer edge of a small picture, in pixels.
	thumbnailEdge = 480
	// maxPixels is the largest picture that is decoded: 16 megapixels take 64 MiB of memory.
	maxPixels = 16 << 20
	// exifSearched is within how many of a JPEG's first bytes its orientation stands.
	exifSearched = 64 << 10
)

// ErrNoPreview says that no small picture is made of a file: it is none that can be read, or
// too large.
var ErrNoPreview = errors.New("no preview is made of this picture")

// Thumbnail is a small picture that was drawn anew: nothing of the file's own bytes, such as
// the place where a photo was taken, is in it.
type Thumbnail struct {
	MediaType     string // image/jpeg, or image/png where something is seen through
	Content       []byte
	Width, Height int
}

// decoding lets one picture be decoded at a time, whoever asks: its size in memory is up to
// whoever sent it.
var decoding = make(chan struct{}, 1)

// MakeThumbnail draws a small picture of a PNG, JPEG or WebP file. It reads the size from the
// file's head before it decodes anything, and answers ErrNoPreview for what is damaged or has
// more than 16 megapixels.
func MakeThumbnail(file io.ReadSeeker) (t Thumbnail, err error) {
	decoding <- struct{}{}
	defer func() { <-decoding }()
	defer func() {
		if p := recover(); p != nil { // a decoder that stumbles over what was sent
			err = fmt.Errorf("%w: the decoder panicked", ErrNoPreview)
		}
	}()

	size, format, err := image.DecodeConfig(file)
	if err != nil {
		return t, unless(err, errSource(file))
	}
	if size.Width <= 0 || size.Height <= 0 ||
		int64(size.Width)*int64(size.Height) > maxPixels {
		return t, fmt.Errorf("%w: it has %d by %d pixels", ErrNoPreview, size.Width, size.Height)
	}

	turned := 1
	if format == "jpeg" {
		if turned, err = orientation(file); err != nil {
			return t, err
		}
	}

	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return t, err
	}
	whole, _, err := image.Decode(file)
	if err != nil {
		return t, unless(err, errSource(file))
	}

	small := turn(scaleDown(whole), turned)
	return encode(small)
}

// unless tells a file that cannot be read from one that cannot be decoded.
func unless(decode, source error) error {
	if source != nil {
		return source
	}
	return fmt.Errorf("%w: %w", ErrNoPreview, decode)
}

// errSource returns why a file could not be read, where it remembers that.
func errSource(file io.ReadSeeker) error {
	if f, ok := file.(interface{ Err() error }); ok {
		return f.Err()
	}
	return nil
}

// scaleDown returns the picture with its longer edge at most thumbnailEdge.
func scaleDown(whole image.Image) *image.NRGBA {
	w, h := whole.Bounds().Dx(), whole.Bounds().Dy()
	if longer := max(w, h); longer > thumbnailEdge {
		w = max(1, w*thumbnailEdge/longer)
		h = max(1, h*thumbnailEdge/longer)
	}

	small := image.NewNRGBA(image.Rect(0, 0, w, h))
	scaling.CatmullRom.Scale(small, small.Bounds(), whole, whole.Bounds(), draw.Src, nil)
	return small
}

func encode(small *image.NRGBA) (Thumbnail, error) {
	var out bytes.Buffer
	t := Thumbnail{
		MediaType: "image/png",
		Width:     small.Bounds().Dx(),
		Height:    small.Bounds().Dy(),
	}

	var err error
	if small.Opaque() {
		t.MediaType = "image/jpeg"
		err = jpeg.Encode(&out, small, &jpeg.Options{Quality: 80})
	} else {
		err = png.Encode(&out, small)
	}
	t.Content = out.Bytes()
	return t, err
}

// turn draws a picture as EXIF says that it was held: 1 is upright, 2 to 8 are the turns and
// mirrors of the standard.
func turn(from *image.NRGBA, orientation int) *image.NRGBA {
	if orientation < 2 || orientation > 8 {
		return from
	}

	w, h := from.Bounds().Dx(), from.Bounds().Dy()
	to := image.NewNRGBA(image.Rect(0, 0, w, h))
	if orientation >= 5 {
		to = image.NewNRGBA(image.Rect(0, 0, h, w))
	}
	for y := range h {
		for x := range w {
			toX, toY := x, y
			switch orientation {
			case 2:
				toX = w - 1 - x
			case 3:
				toX, toY = w-1-x, h-1-y
			case 4:
				toY = h - 1 - y
			case 5:
				toX, toY = y, x
			case 6:
				toX, toY = h-1-y, x
			case 7:
				toX, toY = h-1-y, w-1-x
			case 8:
				toX, toY = y, w-1-x
			}
			to.SetNRGBA(toX, toY, from.NRGBAAt(x, y))
		}
	}
	return to
}

// orientation reads from a JPEG how it was held; 1 where it does not say.
func orientation(file io.ReadSeeker) (int, error) {
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return 0, err
	}
	head, err := io.ReadAll(io.LimitReader(file, exifSearched))
	if err != nil {
		return 0, err
	}

	for at := 2; at+4 <= len(head) && head[at] == 0xff; {
		marker, length := head[at+1], int(binary.BigEndian.Uint16(head[at+2:]))
		segment := head[min(at+4, len(head)):min(at+2+length, len(head))]
		switch {
		case length < 2, marker == 0xda:
			return 1, nil
		case marker == 0xe1 && bytes.HasPrefix(segment, []byte("Exif\x00\x00")):
			return exifOrientation(segment[6:]), nil
		}
		at += 2 + length
	}
	return 1, nil
}

// exifOrientation reads the tag 0x0112 of the first directory of a TIFF structure.
func exifOrientation(tiff []byte) int {
	const entry = 12
	if len(tiff) < 8 {
		return 1
	}
	var order binary.ByteOrder = binary.BigEndian
	if tiff[0] == 'I' {
		order = binary.LittleEndian
	}

	at := int64(order.Uint32(tiff[4:]))
	if at+2 > int64(len(tiff)) {
		return 1
	}
	directory := tiff[at:]
	for i := range int(order.Uint16(directory)) {
		from := 2 + i*entry
		if from+entry > len(directory) {
			return 1
		}
		if order.Uint16(directory[from:]) == 0x0112 {
			return int(order.Uint16(directory[from+8:]))
		}
	}
	return 1
}
