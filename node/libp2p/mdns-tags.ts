// Under which names members look for each other on the local network.

/** The team's own service name: only who knows the team's id asks for it. A DNS label holds 63 characters at most. */
export function teamMdnsTag(teamId: string): string {
  return `_p2pcache-${teamId.slice(0, 32)}._udp.local`;
}
