/*
 * Shim of a process under test, for what no preload of a language sees: native code, and writes that are really torn.
 *
 * It stands between a program and the C library (LD_PRELOAD, Linux), counts every call that can change a file, and at
 * one of them ends the process or lets the call fail. What it is told stands in HOLDFAST_SHIM, one "name=value" a line:
 *   trace   traces go to <trace>.<pid>.jsonl, what was hit to <trace>.hit: the same lines that the preload writes
 *   entry   only a process that has an argument ending with this counts
 *   at      number of the call; mode: before, after, torn, or fail
 *   errno   for fail, a number; "on" = 1: later calls fail as well (a full disk stays full), those of the kinds "ops"
 *   data    1: trace what is written, too
 *   boot    file that is opened in the place of the system's boot id
 * Always: a call is in the trace before it happens; calls of several threads get their numbers in the order of a lock.
 * Not able to: see raw system calls, stdio's own writes, or memory that is mapped. strace tells whether there were any.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { PATH_BYTES = 4096, LINE_BYTES = 3 * PATH_BYTES };

static struct {
  int trace_fd;
  char trace[PATH_BYTES];
  char entry[PATH_BYTES];
  char mode[16];
  char ops[128];
  char boot[PATH_BYTES];
  long at;
  int error;
  int on;
  int data;
} order = {.trace_fd = -1};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static long count;

/* --- our own output: straight to the system, so that it is never counted --- */

static void put(int fd, const char *bytes, size_t length) {
  while (length > 0) {
    long written = syscall(SYS_write, fd, bytes, length);
    if (written <= 0) return;
    bytes += written;
    length -= (size_t)written;
  }
}

static size_t escaped(char *to, size_t room, const char *from) {
  size_t at = 0;
  for (; *from != 0 && at + 7 < room; from++) {
    unsigned char c = (unsigned char)*from;
    if (c == '"' || c == '\\') {
      to[at++] = '\\';
      to[at++] = (char)c;
    } else if (c < 0x20) {
      at += (size_t)snprintf(to + at, room - at, "\\u%04x", c);
    } else {
      to[at++] = (char)c;
    }
  }
  to[at] = 0;
  return at;
}

static char *base64(const unsigned char *bytes, size_t length) {
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  char *text = malloc(length / 3 * 4 + 8), *to = text;
  if (text == NULL) return NULL;
  for (size_t at = 0; at < length; at += 3) {
    unsigned long three = (unsigned long)bytes[at] << 16;
    if (at + 1 < length) three |= (unsigned long)bytes[at + 1] << 8;
    if (at + 2 < length) three |= bytes[at + 2];
    *to++ = digits[three >> 18];
    *to++ = digits[three >> 12 & 63];
    *to++ = at + 1 < length ? digits[three >> 6 & 63] : '=';
    *to++ = at + 2 < length ? digits[three & 63] : '=';
  }
  *to = 0;
  return text;
}

/* --- what we are told --- */

static void take(const char *line, size_t length) {
  char text[PATH_BYTES + 16];
  if (length >= sizeof text) return;
  memcpy(text, line, length);
  text[length] = 0;
  char *value = strchr(text, '=');
  if (value == NULL) return;
  *value++ = 0;
  if (strcmp(text, "trace") == 0) snprintf(order.trace, sizeof order.trace, "%s", value);
  else if (strcmp(text, "entry") == 0) snprintf(order.entry, sizeof order.entry, "%s", value);
  else if (strcmp(text, "mode") == 0) snprintf(order.mode, sizeof order.mode, "%s", value);
  else if (strcmp(text, "boot") == 0) snprintf(order.boot, sizeof order.boot, "%s", value);
  else if (strcmp(text, "ops") == 0) snprintf(order.ops, sizeof order.ops, "%s", value);
  else if (strcmp(text, "at") == 0) order.at = atol(value);
  else if (strcmp(text, "errno") == 0) order.error = atoi(value);
  else if (strcmp(text, "on") == 0) order.on = atoi(value);
  else if (strcmp(text, "data") == 0) order.data = atoi(value);
}

static int ends_with(const char *text, const char *end) {
  size_t a = strlen(text), b = strlen(end);
  return a >= b && strcmp(text + a - b, end) == 0;
}

/* Is this process meant? Its arguments go into the first line of the trace. */
static int is_meant(char *arguments, size_t room) {
  static char raw[64 * 1024];
  int fd = (int)syscall(SYS_openat, AT_FDCWD, "/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
  long length = fd < 0 ? 0 : syscall(SYS_read, fd, raw, sizeof raw - 1);
  if (fd >= 0) syscall(SYS_close, fd);
  if (length <= 0) return 0;
  raw[length] = 0;
  int meant = order.entry[0] == 0;
  size_t at = 0;
  for (char *argument = raw; argument < raw + length; argument += strlen(argument) + 1) {
    if (ends_with(argument, order.entry)) meant = 1;
    if (at + 3 * strlen(argument) + 8 > room) continue;
    at += (size_t)snprintf(arguments + at, room - at, "%s\"", at == 0 ? "" : ",");
    at += escaped(arguments + at, room - at, argument);
    at += (size_t)snprintf(arguments + at, room - at, "\"");
  }
  return meant;
}

__attribute__((constructor)) static void begin(void) {
  const char *text = getenv("HOLDFAST_SHIM");
  if (text == NULL) return;
  for (const char *line = text; *line != 0;) {
    size_t length = strcspn(line, "\n");
    take(line, length);
    line += length + (line[length] == '\n');
  }
  static char arguments[LINE_BYTES], first[LINE_BYTES + 200], path[PATH_BYTES + 40];
  if (order.trace[0] == 0 || !is_meant(arguments, sizeof arguments)) return;
  snprintf(path, sizeof path, "%s.%d.jsonl", order.trace, getpid());
  order.trace_fd =
      (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  int length = snprintf(first, sizeof first,
                        "{\"kind\":\"process\",\"pid\":%d,\"argv\":[%s],\"by\":\"shim\",\"unknown\":[]}\n",
                        getpid(), arguments);
  if (order.trace_fd >= 0) put(order.trace_fd, first, (size_t)length);
}

/* --- one call --- */

struct call {
  const char *op;
  const char *path;
  const char *to;
  int flags;
  long bytes;
  long long at; /* -1: the descriptor's own position; -2: not a write */
  const unsigned char *content;
};

/* Path of a regular file or folder behind a descriptor. */
static int path_of(int fd, char *path) {
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  long length = syscall(SYS_readlinkat, AT_FDCWD, link, path, PATH_BYTES - 1);
  if (length <= 0 || path[0] != '/') return 0;
  path[length] = 0;
  return strncmp(path, "/dev/", 5) != 0 && strncmp(path, "/proc/", 6) != 0 && strncmp(path, "/sys/", 5) != 0;
}

static void absolute(int folder, const char *name, char *path) {
  if (name[0] == '/') {
    snprintf(path, PATH_BYTES, "%s", name);
    return;
  }
  char base[PATH_BYTES] = "";
  if (folder == AT_FDCWD) {
    if (syscall(SYS_getcwd, base, sizeof base) < 0) base[0] = 0;
  } else if (!path_of(folder, base)) base[0] = 0;
  if (strlen(base) + strlen(name) + 2 <= PATH_BYTES) sprintf(path, "%s/%s", base, name);
  else path[0] = 0;
}

static size_t told(char *line, size_t room, long n, const struct call *call) {
  size_t at = (size_t)snprintf(line, room, "{\"n\":%ld,\"op\":\"%s\",\"path\":\"", n, call->op);
  at += escaped(line + at, room - at, call->path);
  at += (size_t)snprintf(line + at, room - at, "\"");
  if (call->to != NULL) {
    at += (size_t)snprintf(line + at, room - at, ",\"to\":\"");
    at += escaped(line + at, room - at, call->to);
    at += (size_t)snprintf(line + at, room - at, "\"");
  }
  if (call->flags != 0) at += (size_t)snprintf(line + at, room - at, ",\"flags\":%d", call->flags);
  if (call->bytes >= 0) at += (size_t)snprintf(line + at, room - at, ",\"bytes\":%ld", call->bytes);
  if (call->at >= 0) at += (size_t)snprintf(line + at, room - at, ",\"at\":%lld", call->at);
  if (call->at == -1) at += (size_t)snprintf(line + at, room - at, ",\"at\":null");
  return at;
}

static void say_hit(const char *line) {
  char from[PATH_BYTES + 16], to[PATH_BYTES + 16], text[LINE_BYTES + 100];
  snprintf(from, sizeof from, "%s.hit.tmp", order.trace);
  snprintf(to, sizeof to, "%s.hit", order.trace);
  int fd = (int)syscall(SYS_openat, AT_FDCWD, from, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  int length =
      snprintf(text, sizeof text, "{\"pid\":%d,\"mode\":\"%s\",\"operation\":%s}}", getpid(), order.mode, line);
  put(fd, text, (size_t)length);
  syscall(SYS_close, fd);
  syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}

/* Can a call of this kind fail so? */
static int befalls(const char *op) {
  char named[24];
  snprintf(named, sizeof named, ",%s,", op);
  return order.ops[0] == 0 || strstr(order.ops, named) != NULL;
}

/* Fate of a call: 0 it goes on; otherwise an error that it is to fail with. `whole` carries out a share of it. */
typedef void (*carry_out)(const void *arguments, int is_half);

static int counted(const struct call *call, carry_out carry, const void *arguments, long *number) {
  static char line[LINE_BYTES];
  *number = 0;
  if (order.trace_fd < 0) return 0;
  pthread_mutex_lock(&lock);
  long n = ++count;
  *number = n;
  size_t length = told(line, sizeof line - 4, n, call);
  char *data = order.data && call->content != NULL && call->bytes > 0
                   ? base64(call->content, (size_t)call->bytes)
                   : NULL;
  if (data != NULL) {
    char *whole = malloc(length + strlen(data) + 16);
    if (whole != NULL) {
      int all = sprintf(whole, "%s,\"data\":\"%s\"}\n", line, data);
      put(order.trace_fd, whole, (size_t)all);
    }
    free(whole);
    free(data);
  } else {
    memcpy(line + length, "}\n", 3);
    put(order.trace_fd, line, length + 2);
  }
  line[length] = 0;
  int fails = 0;
  if (strcmp(order.mode, "fail") == 0) {
    if (n == order.at || (order.on && order.at > 0 && n > order.at && befalls(call->op))) {
      fails = order.error;
      if (n == order.at) say_hit(line);
    }
  } else if (n == order.at) {
    if (strcmp(order.mode, "after") == 0) carry(arguments, 0);
    if (strcmp(order.mode, "torn") == 0) carry(arguments, 1);
    say_hit(line);
    for (;;) syscall(SYS_kill, getpid(), SIGKILL);
  }
  pthread_mutex_unlock(&lock);
  return fails;
}

static void done(long n, long result) {
  if (n == 0) return;
  int error = errno;
  char line[100];
  int length = result >= 0 ? snprintf(line, sizeof line, "{\"done\":%ld}\n", n)
                           : snprintf(line, sizeof line, "{\"done\":%ld,\"error\":\"%d\"}\n", n, error);
  put(order.trace_fd, line, (size_t)length);
  errno = error;
}

#define REAL(type, name, ...)                                \
  static type (*real)(__VA_ARGS__);                          \
  if (real == NULL) *(void **)&real = dlsym(RTLD_NEXT, name)

/* --- writes --- */

struct writing {
  int fd;
  const void *bytes;
  size_t length;
  long long at;
};

static void write_share(const void *arguments, int is_half) {
  const struct writing *w = arguments;
  size_t length = is_half ? (w->length + 1) / 2 : w->length;
  if (w->at >= 0) syscall(SYS_pwrite64, w->fd, w->bytes, length, w->at);
  else syscall(SYS_write, w->fd, w->bytes, length);
}

static int write_counted(int fd, const void *bytes, size_t length, long long at, long *n) {
  char path[PATH_BYTES];
  int error = errno;
  *n = 0;
  if (order.trace_fd < 0 || !path_of(fd, path)) {
    errno = error;
    return 0;
  }
  int flags = (int)syscall(SYS_fcntl, fd, F_GETFL);
  struct writing w = {fd, bytes, length, at};
  struct call call = {"write", path, NULL, flags & O_APPEND, (long)length, at < 0 ? -1 : at, bytes};
  int fails = counted(&call, write_share, &w, n);
  errno = error;
  return fails;
}

#define FAIL_IF(fails) \
  if (fails) {         \
    errno = (fails);   \
    done(n, -1);       \
    return -1;         \
  }

ssize_t write(int fd, const void *bytes, size_t length) {
  REAL(ssize_t, "write", int, const void *, size_t);
  long n;
  FAIL_IF(write_counted(fd, bytes, length, -1, &n));
  ssize_t result = real(fd, bytes, length);
  done(n, result);
  return result;
}

ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t at) {
  REAL(ssize_t, "pwrite64", int, const void *, size_t, off64_t);
  long n;
  FAIL_IF(write_counted(fd, bytes, length, at, &n));
  ssize_t result = real(fd, bytes, length, at);
  done(n, result);
  return result;
}

ssize_t pwrite(int fd, const void *bytes, size_t length, off_t at) { return pwrite64(fd, bytes, length, at); }

/* Buffers as one piece, since a torn write may end in any of them. */
static void *gathered(const struct iovec *parts, int parts_count, size_t *length) {
  *length = 0;
  for (int at = 0; at < parts_count; at++) *length += parts[at].iov_len;
  char *whole = malloc(*length + 1), *to = whole;
  for (int at = 0; whole != NULL && at < parts_count; at++) {
    memcpy(to, parts[at].iov_base, parts[at].iov_len);
    to += parts[at].iov_len;
  }
  return whole;
}

ssize_t writev(int fd, const struct iovec *parts, int parts_count) {
  REAL(ssize_t, "writev", int, const struct iovec *, int);
  size_t length;
  char path[PATH_BYTES];
  if (order.trace_fd < 0 || !path_of(fd, path)) return real(fd, parts, parts_count);
  void *whole = gathered(parts, parts_count, &length);
  long n;
  int fails = write_counted(fd, whole, length, -1, &n);
  free(whole);
  FAIL_IF(fails);
  ssize_t result = real(fd, parts, parts_count);
  done(n, result);
  return result;
}

ssize_t pwritev64(int fd, const struct iovec *parts, int parts_count, off64_t at) {
  REAL(ssize_t, "pwritev64", int, const struct iovec *, int, off64_t);
  size_t length;
  void *whole = gathered(parts, parts_count, &length);
  long n;
  int fails = write_counted(fd, whole, length, at, &n);
  free(whole);
  FAIL_IF(fails);
  ssize_t result = real(fd, parts, parts_count, at);
  done(n, result);
  return result;
}

ssize_t pwritev(int fd, const struct iovec *parts, int parts_count, off_t at) {
  return pwritev64(fd, parts, parts_count, at);
}

/* --- what goes by one system call with up to five plain arguments --- */

struct plain {
  long number;
  long arguments[5];
};

static void plain_share(const void *arguments, int is_half) {
  const struct plain *p = arguments;
  const long *a = p->arguments;
  if (!is_half) syscall(p->number, a[0], a[1], a[2], a[3], a[4]);
}

/* Counts, then makes the call itself: the C library adds nothing to these but errno. */
static int plainly(const char *op, const char *path, const char *to, int flags, long bytes, struct plain p) {
  struct call call = {op, path, to, flags, bytes, -2, NULL};
  long n;
  int error = errno;
  int fails = order.trace_fd < 0 || path[0] == 0 ? (n = 0, 0) : counted(&call, plain_share, &p, &n);
  errno = error;
  FAIL_IF(fails);
  const long *a = p.arguments;
  long result = syscall(p.number, a[0], a[1], a[2], a[3], a[4]);
  done(n, result);
  return (int)result;
}

static int on_descriptor(const char *op, int fd, long bytes, struct plain p) {
  char path[PATH_BYTES];
  int error = errno;
  if (!path_of(fd, path)) path[0] = 0;
  errno = error;
  return plainly(op, path, NULL, 0, bytes, p);
}

int fsync(int fd) { return on_descriptor("sync", fd, -1, (struct plain){SYS_fsync, {fd}}); }
int fdatasync(int fd) { return on_descriptor("sync", fd, -1, (struct plain){SYS_fdatasync, {fd}}); }
int ftruncate64(int fd, off64_t length) {
  return on_descriptor("truncate", fd, length, (struct plain){SYS_ftruncate, {fd, length}});
}
int ftruncate(int fd, off_t length) { return ftruncate64(fd, length); }
int fchmod(int fd, mode_t mode) { return on_descriptor("meta", fd, -1, (struct plain){SYS_fchmod, {fd, mode}}); }

static int on_path(const char *op, int folder, const char *name, struct plain p) {
  char path[PATH_BYTES];
  absolute(folder, name, path);
  return plainly(op, path, NULL, 0, -1, p);
}

int truncate64(const char *name, off64_t length) {
  return on_path("truncate", AT_FDCWD, name, (struct plain){SYS_truncate, {(long)name, length}});
}
int truncate(const char *name, off_t length) { return truncate64(name, length); }
int unlinkat(int folder, const char *name, int flags) {
  const char *op = flags & AT_REMOVEDIR ? "rmdir" : "unlink";
  return on_path(op, folder, name, (struct plain){SYS_unlinkat, {folder, (long)name, flags}});
}
int unlink(const char *name) { return unlinkat(AT_FDCWD, name, 0); }
int rmdir(const char *name) { return unlinkat(AT_FDCWD, name, AT_REMOVEDIR); }
int mkdirat(int folder, const char *name, mode_t mode) {
  return on_path("mkdir", folder, name, (struct plain){SYS_mkdirat, {folder, (long)name, mode}});
}
int mkdir(const char *name, mode_t mode) { return mkdirat(AT_FDCWD, name, mode); }
int chmod(const char *name, mode_t mode) {
  return on_path("meta", AT_FDCWD, name, (struct plain){SYS_fchmodat, {AT_FDCWD, (long)name, mode}});
}

static int between(const char *op, int from_folder, const char *from, int to_folder, const char *to, struct plain p) {
  char source[PATH_BYTES], target[PATH_BYTES];
  absolute(from_folder, from, source);
  absolute(to_folder, to, target);
  return plainly(op, source, target, 0, -1, p);
}

int renameat2(int from_folder, const char *from, int to_folder, const char *to, unsigned flags) {
  struct plain p = {SYS_renameat2, {from_folder, (long)from, to_folder, (long)to, flags}};
  return between("rename", from_folder, from, to_folder, to, p);
}
int renameat(int from_folder, const char *from, int to_folder, const char *to) {
  return renameat2(from_folder, from, to_folder, to, 0);
}
int rename(const char *from, const char *to) { return renameat2(AT_FDCWD, from, AT_FDCWD, to, 0); }
int linkat(int from_folder, const char *from, int to_folder, const char *to, int flags) {
  struct plain p = {SYS_linkat, {from_folder, (long)from, to_folder, (long)to, flags}};
  return between("link", from_folder, from, to_folder, to, p);
}
int link(const char *from, const char *to) { return linkat(AT_FDCWD, from, AT_FDCWD, to, 0); }
int symlinkat(const char *target, int folder, const char *name) {
  char path[PATH_BYTES];
  absolute(folder, name, path);
  return plainly("symlink", path, target, 0, -1, (struct plain){SYS_symlinkat, {(long)target, folder, (long)name}});
}
int symlink(const char *target, const char *name) { return symlinkat(target, AT_FDCWD, name); }

/* --- opening: counted when it can make or empty a file; any open can fail for want of descriptors --- */

static int opened(int folder, const char *name, int flags, mode_t mode) {
  if (order.boot[0] != 0 && strcmp(name, "/proc/sys/kernel/random/boot_id") == 0) name = order.boot;
  struct plain p = {SYS_openat, {folder, (long)name, flags, mode}};
  if (order.trace_fd < 0 || (flags & (O_CREAT | O_TRUNC)) == 0)
    return (int)syscall(SYS_openat, folder, name, flags, mode);
  char path[PATH_BYTES];
  absolute(folder, name, path);
  int isDevice = strncmp(path, "/dev/", 5) == 0 || strncmp(path, "/proc/", 6) == 0;
  return isDevice ? (int)syscall(SYS_openat, folder, name, flags, mode) : plainly("open", path, NULL, flags, -1, p);
}

#define MODE_OF(flags)                                  \
  mode_t mode = 0;                                      \
  if ((flags) & (O_CREAT | O_TMPFILE)) {                \
    va_list rest;                                       \
    va_start(rest, flags);                              \
    mode = va_arg(rest, mode_t);                        \
    va_end(rest);                                       \
  }

int open(const char *name, int flags, ...) {
  MODE_OF(flags)
  return opened(AT_FDCWD, name, flags, mode);
}
int open64(const char *name, int flags, ...) {
  MODE_OF(flags)
  return opened(AT_FDCWD, name, flags | O_LARGEFILE, mode);
}
int openat(int folder, const char *name, int flags, ...) {
  MODE_OF(flags)
  return opened(folder, name, flags, mode);
}
int openat64(int folder, const char *name, int flags, ...) {
  MODE_OF(flags)
  return opened(folder, name, flags | O_LARGEFILE, mode);
}
int creat(const char *name, mode_t mode) { return opened(AT_FDCWD, name, O_WRONLY | O_CREAT | O_TRUNC, mode); }
int creat64(const char *name, mode_t mode) { return creat(name, mode); }

/* --- copying inside the kernel --- */

struct copying {
  long number;
  int to, from;
  void *to_at, *from_at;
  size_t length;
};

static void copy_share(const void *arguments, int is_half) {
  const struct copying *c = arguments;
  size_t length = is_half ? (c->length + 1) / 2 : c->length;
  if (c->number == SYS_sendfile) syscall(SYS_sendfile, c->to, c->from, c->from_at, length);
  else syscall(SYS_copy_file_range, c->from, c->from_at, c->to, c->to_at, length, 0);
}

static ssize_t copied(struct copying c) {
  char path[PATH_BYTES];
  long n = 0;
  int error = errno, fails = 0;
  if (order.trace_fd >= 0 && path_of(c.to, path)) {
    struct call call = {"write", path, NULL, 0, (long)c.length, -1, NULL};
    fails = counted(&call, copy_share, &c, &n);
  }
  errno = error;
  FAIL_IF(fails);
  ssize_t result = c.number == SYS_sendfile
                       ? syscall(SYS_sendfile, c.to, c.from, c.from_at, c.length)
                       : syscall(SYS_copy_file_range, c.from, c.from_at, c.to, c.to_at, c.length, 0);
  done(n, result);
  return result;
}

ssize_t sendfile64(int to, int from, off64_t *at, size_t length) {
  return copied((struct copying){SYS_sendfile, to, from, NULL, at, length});
}
ssize_t sendfile(int to, int from, off_t *at, size_t length) { return sendfile64(to, from, at, length); }
ssize_t copy_file_range(int from, off64_t *from_at, int to, off64_t *to_at, size_t length, unsigned flags) {
  (void)flags;
  return copied((struct copying){SYS_copy_file_range, to, from, to_at, from_at, length});
}
