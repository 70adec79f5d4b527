// The words that phrases are made of: 256 short, common, concrete ones, one per value of a byte.

const text = `
acorn actor agent album alley amber angel ankle apple apron arrow atlas attic audio award bacon
badge bagel bamboo banjo barn basket beaver bell berry bishop blanket blossom boat bonus border bottle
bowl breeze bridge brush bubble bucket bunny button cable cactus camel camera candle canoe canyon carbon
cargo carpet carrot castle cedar cello chalk cherry chess chimney cider cinema circus citrus clay cliff
clock cloud clover cobra cocoa coffee comet copper coral cotton cousin cradle crane crayon cricket crown
crystal curtain daisy dancer decade denim desert diamond dinner doctor dolphin donkey dragon drum duck eagle
earth echo elbow elephant ember engine escape fabric falcon family feather fence ferry fiddle field finger
flame flute forest fossil fountain fox frost galaxy garden garlic gecko ghost ginger giraffe glacier glove
goat gold gorilla grape gravel guitar hammer harbor hazel helmet hero hill honey hotel igloo indigo
insect island ivory jacket jaguar jelly jewel jungle kayak kettle kitten koala ladder lagoon lamp lemon
lily linen lion lizard llama lobster locket lunar magnet mango maple marble meadow melon mirror mitten
monkey motor muffin museum nectar needle nickel noodle nutmeg oasis ocean olive onion opera orange orchid
otter oven owl oyster paddle palace panda paper parrot peach pebble pencil pepper piano pillow pilot
planet plum pocket pony potato puzzle quartz quill rabbit radar radio raven ribbon river robin rocket
saddle salad salmon sandal satin school shadow shell silver spider spoon sugar sunset table temple tiger
timber tomato trumpet tulip tunnel turtle umbrella velvet violin walnut whale willow window winter yogurt zebra
`;

/** Sorted; exactly 256, all different. Changing one changes the phrases: both screens must have the same list. */
export const phraseWords: readonly string[] = text.trim().split(/\s+/);
