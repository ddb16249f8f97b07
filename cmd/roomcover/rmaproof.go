package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// proofOf is what is kept of a proof that is named on the command line: the number of a
// document as it is, or of a file its name and what its content hashes to, so that it can be
// recognised where it is kept. The file itself stays where it is.
func proofOf(proof string) (string, error) {
	if proof == "" {
		return "", nil
	}

	file, err := os.Open(proof)
	if errors.Is(err, fs.ErrNotExist) {
		return proof, nil
	}
	if err != nil {
		return "", settingsError{fmt.Errorf("the proof cannot be read: %w", err)}
	}
	defer file.Close()

	sum := sha256.New()
	if _, err := io.Copy(sum, file); err != nil {
		return "", settingsError{fmt.Errorf("the proof cannot be read: %w", err)}
	}

	name := []rune(filepath.Base(proof))
	return fmt.Sprintf("%s (SHA-256 %s)",
		string(name[:min(len(name), 100)]), hex.EncodeToString(sum.Sum(nil))), nil
}
