// Chance as the domain sees it: the daemon passes the system's, simulations a seeded one.

export interface Random {
  bytes(count: number): Uint8Array;
  /** A number in [0, 1). */
  fraction(): number;
}
