package testday

// The facts that the tests of cover start from: one account in São Paulo, one
// room of it, one device, one Select contract. Times are local days; something
// happens at noon of its day unless it is a period.

const TestZone = "America/Sao_Paulo"
