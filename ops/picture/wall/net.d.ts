// What /ops/net.json and /ops/land.json hold; see package picture.

export type NodeState = "ok" | "full" | "draining" | "gray" | "silent";
export type LinkState = "ok" | "detour" | "slow" | "lossy" | "cut" | "down";

export interface Site { lat: number; lon: number; city?: string; said: boolean }

export interface Node {
  id: string; pop: string; region?: string; role: "edge" | "control"; state: NodeState; version?: string; started?: string;
  site?: Site; near?: string; away_ms?: number;
  load: number; people: number; tracks: number; homes: number;
}

export interface Way {
  state: LinkState; to: string; up: boolean; via?: string; since?: string;
  rtt_ms: number; queue_ms: number; loss: number; sent: number; available: number;
  shed?: number; sealed: string; in?: number; out?: number;
}

export interface Link { a: string; b: string; state: LinkState; there: Way | null; back: Way | null; usual_ms?: number }

export interface Room { company: string; room: string; people: number; homes: string[] }

export interface Flow { origin: string; from: string; to: string; tracks: number; backup?: string }

export interface Tree { origin: string; track: string; kind: string; edges: { from: string; to: string; backup?: string; passes?: boolean }[]; seeking?: string[] }

export interface Chosen { company: string; room: string; known: boolean; people: number; homes: string[]; leaves: { node: string; people: number }[]; flows: Flow[]; trees: Tree[] }

export interface Network { by: string; at: string; people: number; rooms: number; nodes: Node[]; links: Link[]; listed: Room[]; room?: Chosen }

export type Ring = [number, number][];
