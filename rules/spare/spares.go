package spare

// SparesEarned gives the number of spare units that a customer's parent has
// earned: one per full ratio of Select licences in force (R81a, V5). A ratio
// below one means that the program grants no spares.
func SparesEarned(licences, ratio int) int {
	if licences < 0 || ratio < 1 {
		return 0
	}
	return licences / ratio
}
