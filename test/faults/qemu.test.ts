import { playMatrix } from "./play-matrix.ts";

playMatrix("qemu");
