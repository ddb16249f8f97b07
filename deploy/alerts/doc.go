// Package alerts holds no code: its tests evaluate deploy/alerts.yml as Prometheus would, and have
// it read what the dashboard asks. It is a module of its own, so that nothing that is shipped
// depends on Prometheus.
package alerts
