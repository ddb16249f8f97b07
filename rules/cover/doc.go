// Package cover answers what covers a device, an accessory or a room at an instant, by
// which right, and why not.
package cover
