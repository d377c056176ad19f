"use strict";
// The plan's closed forms again, with every assumption but the sliders' in the middle. Each
// function names the one in capacity/ that it repeats; tests hold the two against each other.
const whatIf = JSON.parse(document.getElementById("what-if-data").textContent);
const middle = whatIf.inputs, rules = whatIf.rules, built = whatIf.design;
const DAY_S = 86400, DAYS_PER_MONTH = 730 / 24;
const FULL = 0.995; // capacity.plan.tails: so full a station never settles
const PAID = ["pro", "business", "enterprise"];
const Z = { p50: 0, p95: 1.6448536269514722, p99: 2.3263478740408408 };
const infinite = { mean: Infinity, variance: Infinity };

// capacity.population.traffic.traffic
function traffic(at) {
  const sessions = at.users * at.daily_share * middle["activity.sessions"];
  const mean = sessions * middle["activity.requests"] / DAY_S;
  const present = sessions / DAY_S * at.over_mean * middle["activity.session_minutes"] * 60;
  return {
    sessions: sessions, mean: mean, peak: mean * at.over_mean,
    burst: mean * at.over_mean * middle["peak.burst"],
    sockets: present * middle["activity.socket_share"],
  };
}

// capacity.plan.demand_inputs.demands
function demands(at) {
  const now = whatIf.hit_rate, misses = now < 1 ? (1 - at.hit_rate) / (1 - now) : 1;
  const cpu = {};
  for (const [tier, cost] of Object.entries(whatIf.tiers)) {
    const left = cost.seconds * (1 - cost.cached + cost.cached * misses);
    const grown = whatIf.seeded ? Math.pow(at.users / whatIf.seeded, cost.growth) : 1;
    const more = cost.miss_extra * (now - at.hit_rate) + cost.elsewhere;
    cpu[tier] = Math.max(0, left + more) * grown;
  }
  const part = whatIf.queries_cached;
  return { cpu: cpu, queries: middle["demand.queries"] * (1 - part + part * misses) };
}

// capacity.plan.queueing.station
function station(rate, service, servers, cv2, arrival) {
  const used = rate * service / servers;
  if (used >= 1) return infinite;
  const waits = Math.min(1, Math.pow(used, Math.sqrt(2 * (servers + 1)) - 1));
  const waited = waits * service / (servers * (1 - used)) * (arrival + 1) / 2;
  const mean = service + middle["model.wait_factor"] * waited;
  return { mean: mean, variance: cv2 * mean * mean };
}

// capacity.plan.sizing.response
function response(cpu, pods, replicas, rate) {
  const tiers = whatIf.tiers, cv2 = whatIf.service_cv2, up = Math.max(replicas, 1);
  const cores = Math.max(rules.vcpu - tiers.pods.idle_cores, 1e-3);
  const delay = middle["demand.delay_s"];
  const parts = [
    station(rate, cpu.nginx, built.nginx_workers, 1, 1),
    station(rate / pods, cpu.pods, cores, cv2, 1 / pods),
    station(rate, cpu.pgbouncer, built.pgbouncers, 1, 1),
    station(rate, cpu.primary, built.primary_cores, cv2, 1),
    station(rate / up, cpu.replicas, built.replica_cores, cv2, 1),
    station(rate, cpu.redis, built.redis_shards, 1, 1),
    { mean: delay, variance: delay * delay },
  ];
  return parts.reduce((one, other) =>
    ({ mean: one.mean + other.mean, variance: one.variance + other.variance }));
}

// capacity.plan.queueing.Response.quantile, in ms, with the model's own error
function quantile(time, which) {
  if (!isFinite(time.mean)) return Infinity;
  const spread = Math.log1p(time.variance / (time.mean * time.mean));
  const value = time.mean * Math.exp(Z[which] * Math.sqrt(spread) - spread / 2);
  return 1000 * value * middle["model.p95_off"];
}

// capacity.plan.sizing.holds
function holds(cpu, pods, replicas, rate) {
  const time = response(cpu, pods, replicas, rate);
  return ["p50", "p95", "p99"].every((which) => quantile(time, which) < rules[which])
    && rate / pods * time.mean < rules.slots;
}

// capacity.plan.limits.filled: those that refuse what comes on top
function hardEnds(people, cost, pods, replicas) {
  const base = middle["pod.memory_base_mb"] / 1e3 / rules.gb;
  const memory = people.sockets / pods * middle["pod.memory_socket_kb"] / 1e6 / rules.gb;
  const sockets = people.sockets / pods / middle["pod.sockets"];
  const nginx = 2 * people.sockets / middle["nginx.connections"] / built.nginx_workers;
  const cpu = cost.cpu, whole = Math.max(cpu.primary + cpu.replicas, 1e-12);
  const held = people.burst * cost.queries * middle["database.held_ms"] / 1000 / rules.pool;
  const others = Math.max(built.replicas - 1, 1);
  // connections are whole ones, PgBouncer opens its servers no fuller than its share
  const primary = Math.ceil(held * cpu.primary / whole) * rules.pool / rules.room;
  const replica = Math.ceil(held * cpu.replicas / whole / others) * rules.pool / rules.room;
  return Math.min(Math.max(0, 1 - base) / Math.max(memory, 1e-12),
    ...[sockets, nginx, primary, replica].map((load) => 1 / Math.max(load, 1e-12)));
}

// capacity.plan.limits.carried: users, with one pod and one replica lost
function carried(at, people, cost) {
  const pods = Math.max(1, at.pods - 1), replicas = Math.max(1, built.replicas - 1);
  const holding = (times) => holds(cost.cpu, pods, replicas, people.burst * times);
  let low = 0, high = 1;
  for (let step = 0; step < 20 && holding(high); step++) { low = high; high *= 2; }
  for (let step = 0; step < 30; step++) {
    const half = (low + high) / 2;
    if (holding(half)) low = half; else high = half;
  }
  return at.users * Math.min(low, hardEnds(people, cost, pods, replicas));
}

// Where `value` lies on a rising axis: the mark below it and the share of the way to the next.
function place(axis, value) {
  if (axis.length === 1) return [0, 0];
  let below = 0;
  while (below < axis.length - 2 && axis[below + 1] <= value) below++;
  const way = (value - axis[below]) / (axis[below + 1] - axis[below]);
  return [below, Math.min(1, Math.max(0, way))];
}

// A grid's value between its points, straight from one to the next; null where a corner has none.
function between(grid, axes, values, at) {
  const places = axes.map((name) => place(grid[name], at[name]));
  let found = 0;
  for (let corner = 0; corner < 1 << axes.length; corner++) {
    let weight = 1, index = 0;
    axes.forEach((name, number) => {
      const [below, way] = places[number], above = corner >> number & 1;
      weight *= above ? way : 1 - way;
      index = index * grid[name].length + Math.min(below + above, grid[name].length - 1);
    });
    if (weight === 0) continue;
    if (values[index] === null) return null;
    found += weight * values[index];
  }
  return found;
}
function bill(at) {
  return between(whatIf.bill, ["users", "daily_share", "over_mean", "hit_rate"], whatIf.bill.usd, at);
}

// capacity.model.bounds: the load as a share of what the busiest station can do beside its idle work
function fullest(at, cpu, rate) {
  const idle = (tier) => whatIf.tiers[tier].idle_cores * at.pods;
  const cores = {
    nginx: built.nginx_workers, pods: rules.vcpu * at.pods, pgbouncer: built.pgbouncers,
    primary: built.primary_cores, replicas: built.replicas * built.replica_cores,
    redis: built.redis_shards,
  };
  return Math.max(...Object.keys(cores).map((tier) => {
    const free = cores[tier] - idle(tier);
    return free > 0 ? rate * cpu[tier] / free : Infinity;
  }));
}

// capacity.plan.tail_grid: the closed form by what a simulation made of it, in ms
function simulated(at, cpu, rate, time, which) {
  const full = fullest(at, cpu, rate);
  if (full >= FULL) return Infinity;
  const there = { pods: at.pods, hit_rate: at.hit_rate, fullest: full };
  return quantile(time, which)
    * between(whatIf.tails, ["pods", "hit_rate", "fullest"], whatIf.tails[which], there);
}

// capacity.revenue.income.income and capacity.revenue.margin.margin
function money(at, people, infrastructure) {
  const start = PAID.reduce((sum, tier) => sum + middle[`tiers.${tier}_share`], 0);
  const more = start > 0 ? at.paying / start : 0;
  const onTrial = middle["pay.churn"] / middle["pay.trial_paid"] * 7 / DAYS_PER_MONTH;
  const annual = middle["pay.annual_share"];
  let mrr = 0, charges = 0, paying = 0;
  for (const tier of PAID) {
    const share = middle[`tiers.${tier}_share`] * more;
    const payers = at.users * share / (1 + onTrial);
    const price = (1 - annual) * middle[`price.${tier}`] + annual * middle[`price_year.${tier}`] / 12;
    mrr += payers * price * at.prices;
    charges += payers * (1 - annual + annual / 12);
    paying += share;
  }
  const impressions = people.sessions * DAYS_PER_MONTH * Math.max(0, 1 - paying) * middle["ads.per_session"];
  const advertising = impressions * middle["ads.sold"] * middle["ads.cpm"] / 1000;
  const fees = mrr * whatIf.fee_of_usd + charges * whatIf.fee_of_charge;
  const lost = mrr * (middle["pay.disputes"] + middle["pay.refunds"]);
  const left = infrastructure === null ? null : mrr + advertising - fees - lost - infrastructure;
  const earned = mrr + advertising;
  return {
    mrr: mrr, advertising: advertising, fees: fees, contribution: left,
    margin: left === null || earned === 0 ? null : left / earned,
  };
}

// Everything at the sliders' places, by name.
function planAgain(at) {
  const people = traffic(at), cost = demands(at), tiers = whatIf.tiers;
  const used = (tier, servers) =>
    people.burst * cost.cpu[tier] / servers + at.pods * tiers[tier].idle_cores / servers;
  const time = response(cost.cpu, at.pods, built.replicas, people.burst);
  const usd = bill(at), earned = money(at, people, usd);
  return {
    peak: people.peak, burst: people.burst,
    pods_cpu: used("pods", at.pods * rules.vcpu),
    primary_cpu: used("primary", built.primary_cores),
    replicas_cpu: used("replicas", built.replicas * built.replica_cores),
    p50: quantile(time, "p50"), p95: quantile(time, "p95"), p99: quantile(time, "p99"),
    p95_simulated: simulated(at, cost.cpu, people.burst, time, "p95"),
    p99_simulated: simulated(at, cost.cpu, people.burst, time, "p99"),
    holds: holds(cost.cpu, Math.max(1, at.pods - 1), Math.max(1, built.replicas - 1), people.burst),
    carries: carried(at, people, cost),
    bill: usd, per_user: usd === null ? null : usd / at.users,
    mrr: earned.mrr, advertising: earned.advertising, fees: earned.fees,
    contribution: earned.contribution, margin: earned.margin,
  };
}

// How figures are written: capacity.figures.number, three significant digits
function digits(value) {
  if (value === 0) return "0";
  const places = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return value.toLocaleString("en-US", { minimumFractionDigits: places, maximumFractionDigits: places });
}
// a number and its unit stay on one line
const SHOWN = {
  "req/s": (value) => `${digits(value)}\u00a0req/s`,
  ms: (value) => `${digits(value)}\u00a0ms`,
  share: (value) => `${digits(100 * value)}\u00a0%`,
  USD: (value) => `${value < 0 ? "-" : ""}$${digits(Math.abs(value))}`,
  users: (value) => Math.round(value).toLocaleString("en-US"),
  pods: (value) => String(value),
  times: (value) => `${digits(value)}\u00a0times`,
};
function shown(value, unit) {
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (value === null) return "nobody carries it";
  return isFinite(value) ? SHOWN[unit](value) : "saturated";
}

const form = document.getElementById("what-if-form");
const steps = [...form.querySelectorAll("input[type=range]")];
// a slider counts in steps of its way, so that users go up by factors and all else by amounts
function read(slider) {
  const { low, start, high } = whatIf.sliders[slider.name], way = slider.value / 1000;
  if (slider.value === slider.defaultValue) return start;
  if (slider.name === "users") return low * Math.pow(high / low, way);
  const value = low + (high - low) * way;
  return slider.name === "pods" ? Math.round(value) : value;
}
function atSliders() {
  const at = { hit_rate: middle["cache.hit_rate"], paying: 0 };
  for (const slider of steps) at[slider.name] = read(slider);
  return at;
}
const first = planAgain(atSliders());
function update() {
  const at = atSliders(), now = planAgain(at);
  for (const slider of steps) {
    const words = shown(at[slider.name], slider.dataset.unit);
    form.querySelector(`output[for="slide-${slider.name}"]`).textContent = words;
    slider.setAttribute("aria-valuetext", words);
  }
  for (const cell of document.querySelectorAll("#what-if [data-figure]")) {
    const name = cell.dataset.figure, value = now[name];
    cell.textContent = shown(value, cell.dataset.unit);
    cell.dataset.value = String(value);
    cell.classList.toggle("bad", value === false || value === null || value === Infinity);
    const before = cell.parentElement.querySelector(".before");
    if (before) before.textContent = value === first[name] ? "as planned" : `planned ${shown(first[name], cell.dataset.unit)}`;
  }
}
form.addEventListener("input", update);
form.addEventListener("reset", () => setTimeout(update));
update();
