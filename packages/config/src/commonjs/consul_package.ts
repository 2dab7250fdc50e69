import "./consul_before.ts";
import Consul from "consul";

export { Consul };
