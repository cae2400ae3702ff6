/* The tree of calls. A frame is pushed by BL and BLX and popped by whatever goes to its return address; a branch into
 * another function without a link is a tail call, and takes the place of its caller. */
#include "calls.h"

#define NODES_MAX 1048576
#define FRAMES_MAX 256
#define NONE (-1)

static struct node nodes[NODES_MAX];
static int node_count;
static int here = NONE;

static struct {
    uint32_t returns_to;
    int caller;
} frames[FRAMES_MAX];
static int frame_count;

static int make_node(int parent, int function)
{
    if (node_count == NODES_MAX) {
        return NONE;
    }
    nodes[node_count] = (struct node){function, parent, NONE, NONE, 0, {0, 0, 0}};
    if (parent != NONE) {
        nodes[node_count].next_sibling = nodes[parent].first_child;
        nodes[parent].first_child = node_count;
    }
    return node_count++;
}

static int child(int parent, int function)
{
    for (int i = nodes[parent].first_child; i != NONE; i = nodes[i].next_sibling) {
        if (nodes[i].function == function) {
            return i;
        }
    }
    return make_node(parent, function);
}

int calls_begin(const struct insn *insn)
{
    frame_count = 0;
    here = make_node(NONE, insn->function);
    return here;
}

static bool enter(int parent, const struct insn *insn, bool counting)
{
    here = child(parent, insn->function);
    if (here == NONE) {
        return false;
    }
    nodes[here].calls += counting;
    return true;
}

static bool leave(const struct insn *next)
{
    for (int i = frame_count - 1; i >= 0; i--) {
        if (frames[i].returns_to == next->address) {
            here = frames[i].caller;
            frame_count = i;
            return true;
        }
    }
    return false;
}

bool calls_follow(const struct insn *last, const struct insn *next, bool counting)
{
    uint32_t following = last->address + last->size;
    if (next->address == following && next->function == last->function) {
        return true;
    }
    /* A BL within its own function is a long jump of ARMv6-M: nothing recurses. */
    if (last->calls && next->function != last->function) {
        if (frame_count == FRAMES_MAX) {
            return false;
        }
        frames[frame_count].returns_to = following;
        frames[frame_count].caller = here;
        frame_count++;
        return enter(here, next, counting);
    }
    if (last->jumps && leave(next)) {
        return true;
    }
    if (next->function == nodes[here].function) {
        return true;
    }
    int parent = nodes[here].parent;
    return enter(parent == NONE ? here : parent, next, counting);
}

struct counts *calls_here(void)
{
    return &nodes[here].self;
}

void calls_print(FILE *file, int root)
{
    const struct node *n = &nodes[root];
    fprintf(file, "node %d %d %d %llu %llu %llu %llu\n", root, n->parent, n->function, (unsigned long long)n->calls,
            (unsigned long long)n->self.cycles, (unsigned long long)n->self.low,
            (unsigned long long)n->self.instructions);
    for (int i = n->first_child; i != NONE; i = nodes[i].next_sibling) {
        calls_print(file, i);
    }
}
