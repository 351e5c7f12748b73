"""The control plane of Parlatory: people, data, projects, access, workspaces, the gate and the engine."""
