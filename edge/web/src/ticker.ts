// A worker that keeps time: browsers wake a hidden page's own timers once a
// minute, those of its workers on time. It is a script of its own in dist.

const timers = self as unknown as { onmessage: (e: MessageEvent<{ id: number; ms: number }>) => void; postMessage(id: number): void };

timers.onmessage = ({ data: { id, ms } }) => void setTimeout(() => timers.postMessage(id), ms);

export {};
