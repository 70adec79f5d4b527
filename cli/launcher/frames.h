// Frames on the launcher's socket, little-endian: a magic number, a length, that many bytes. Anything malformed is a failure
// that the caller turns into the plain compiler.
#ifndef P2PCACHE_FRAMES_H
#define P2PCACHE_FRAMES_H
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#define FRAME_MAGIC 0x31433250u // "P2C1"
#define FRAME_BYTES_MAX (1u << 30)

struct buffer {
  char *data;
  size_t used, room;
  int failed;
};

static void put_bytes(struct buffer *b, const void *data, size_t size) {
  if (b->failed) return;
  if (b->used + size > b->room) {
    size_t room = (b->used + size) * 2 + 4096;
    char *grown = realloc(b->data, room);
    if (!grown) {
      b->failed = 1;
      return;
    }
    b->data = grown;
    b->room = room;
  }
  memcpy(b->data + b->used, data, size);
  b->used += size;
}
static void put_u32(struct buffer *b, uint32_t v) { put_bytes(b, &v, 4); }
static void put_u64(struct buffer *b, uint64_t v) { put_bytes(b, &v, 8); }
static void put_string(struct buffer *b, const char *s, size_t size) {
  put_u32(b, (uint32_t)size);
  put_bytes(b, s, size);
}

struct reader {
  const char *at, *end;
  int failed;
};
static const char *take_bytes(struct reader *r, size_t size) {
  if (r->failed || size > (size_t)(r->end - r->at)) {
    r->failed = 1;
    return NULL;
  }
  const char *data = r->at;
  r->at += size;
  return data;
}
static uint32_t take_u32(struct reader *r) {
  uint32_t v = 0;
  const char *data = take_bytes(r, 4);
  if (data) memcpy(&v, data, 4);
  return v;
}
static char *take_string(struct reader *r) {
  uint32_t size = take_u32(r);
  const char *data = take_bytes(r, size);
  return data ? strndup(data, size) : NULL;
}

static int send_all(int fd, const char *data, size_t size) {
  while (size > 0) {
    ssize_t n = send(fd, data, size, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return -1;
    data += n;
    size -= n;
  }
  return 0;
}
static int receive_all(int fd, char *data, size_t size) {
  while (size > 0) {
    ssize_t n = recv(fd, data, size, 0);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return -1;
    data += n;
    size -= n;
  }
  return 0;
}
// In one call: the daemon would wake up for the head alone.
static int send_frame(int fd, struct buffer *b) {
  uint32_t head[2] = {FRAME_MAGIC, (uint32_t)b->used};
  struct iovec parts[2] = {{head, sizeof head}, {b->data, b->used}};
  struct msghdr whole = {.msg_iov = parts, .msg_iovlen = 2};
  if (b->failed || b->used > FRAME_BYTES_MAX) return -1;
  ssize_t n;
  do n = sendmsg(fd, &whole, MSG_NOSIGNAL);
  while (n < 0 && errno == EINTR);
  if (n < (ssize_t)sizeof head) return -1;
  size_t sent = (size_t)n - sizeof head;
  return send_all(fd, b->data + sent, b->used - sent);
}
// The next frame's bytes, or -1 when none came whole within the socket's time limit.
static int receive_frame(int fd, struct reader *r) {
  uint32_t head[2];
  if (receive_all(fd, (char *)head, sizeof head) || head[0] != FRAME_MAGIC || head[1] > FRAME_BYTES_MAX) return -1;
  char *data = malloc(head[1] + 1);
  if (!data || receive_all(fd, data, head[1])) return -1;
  *r = (struct reader){data, data + head[1], 0};
  return 0;
}
#endif
