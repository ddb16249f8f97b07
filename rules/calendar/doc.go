// Package calendar counts business days by a place's calendar, and promises days by them
// (C3, S21, S22).
package calendar
