import { Agent } from 'node:http';
import express from 'express';
import { createProxyMiddleware } from 'http-proxy-middleware';
import { readSettings } from './settings.ts';

const { port, upstream, authorization } = readSettings(process.env);
const app = express();

// Without an agent of its own it would open a connection for every request.
const agent = new Agent({ keepAlive: true, maxSockets: 50 });
app.use(createProxyMiddleware({ target: upstream, agent, headers: { authorization } }));

app.listen(port, '127.0.0.1');
