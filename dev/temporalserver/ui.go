package temporalserver

import (
	uiserver "github.com/temporalio/ui-server/v2/server"
	uiconfig "github.com/temporalio/ui-server/v2/server/config"
	uioptions "github.com/temporalio/ui-server/v2/server/server_options"
)

// startUI starts the web UI. Its Start ends the process when its port is
// taken, hence the check of the ports before anything starts.
func (s *Server) startUI() {
	if s.options.UIPort == 0 {
		return
	}

	s.ui = uiserver.NewServer(uioptions.WithConfigProvider(&uiconfig.Config{
		Host:                s.options.Host,
		Port:                s.options.UIPort,
		TemporalGRPCAddress: s.Address(),
		DefaultNamespace:    s.options.Namespace,
		EnableUI:            true,
		HideLogs:            true,
		// No request leaves this machine, and the cookie works over HTTP.
		DisableNewsFetch: true,
		CORS:             uiconfig.CORS{CookieInsecure: true},
	}))

	go func() { _ = s.ui.Start() }()
}
