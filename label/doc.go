// Package label draws shipping labels (A6) and packing slips (A4) as PDF: data in,
// bytes out, the same bytes for the same data.
//
// Names are set in Latin, Greek, Cyrillic, Armenian, Georgian, Hebrew, Arabic, Ethiopic,
// Chinese, Japanese and Korean letters, and in those of India, Sri Lanka and South East
// Asia; Unreadable names the letters of a text there are none for. What they sound like
// stands beside such a text. Texts are in Brazilian Portuguese or English.
package label
