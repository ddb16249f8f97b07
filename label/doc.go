// Package label draws shipping labels (A6) and packing slips (A4) as PDF: data in,
// bytes out, the same bytes for the same data.
//
// Names are set in Latin, Greek, Cyrillic, Armenian, Georgian, Hebrew, Arabic,
// Chinese, Japanese and Korean letters; Unreadable names the letters of a text
// there are none for. Texts are in Brazilian Portuguese or English.
package label
