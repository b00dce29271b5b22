/**
 * The 1024 words that two people compare after pairing.
 *
 * Frozen: both ends must have the same list in the same order. No two words
 * share their first four letters or differ by one letter or one swap, so that
 * a word said over the phone is not taken for another.
 */
export const WORDS: readonly string[] = `
  accent acid acorn acre action actor adagio adobe advent affair agate agenda album alcove alder algae alloy almond
  aloe alpine alto amber amigo anchor angle animal annex anthem antler anvil apple apron aqua arbor arcade archer
  arctic arena armada arrow artist aspen aster atlas atom atrium attic auburn audio autumn avenue awning axis azure
  baboon bacon badge bagel bakery ballet balsam bamboo banana banjo banner barber barley barn barrel basil basket bath
  bazaar bead beagle beaver beetle bell bench beret bicycle bingo birch biscuit bison blanket blaze blimp bloom blouse
  boat bobbin bobcat bonfire bonnet bonus boost booth bottle bounce bowl branch brass bravo breeze brick bridge bronze
  brook brush bubble bucket budget buffalo buggy bugle bulb bumper bundle bunny burger burrow butter buzzer cabbage
  cabin cable cactus cadet cake calico camel canal candle canoe canvas canyon captain caramel carbon cargo carpet cart
  cashew casino castle catfish cavern caviar cedar celery cello cement center chain chalk channel charm cheese chef
  cherry chess chimney chisel chorus chrome cinema cipher circle citrus city clam cliff clinic cloak cloud clover
  clown coach coast cobalt cobra cocoa coffee coin collar colony colt column comet comma compass concert condor consul
  cookie copper coral cork corner cosmos cotton cougar cousin cowboy coyote crab cradle crane crater crayon credit
  cricket crimson crisp crocus crow crumb crust crystal cube cuckoo cuddle cumin curry curtain curve custard cypress
  dahlia dairy dancer dazzle decade delta denim depot desert desk detour dial diamond diesel dimple dinghy dinner
  disco diver doctor dolmen dolphin domain domino donkey donut door dove dragon drawer dream dress drift drum duck
  dugout dune dust earth easel ebony echo eclipse editor effort elbow emblem emerald empire enamel engine enigma
  ensign entry envoy equator eraser ermine errand escort essay estate evening exit fabric facet factory falcon family
  farmer fathom fawn feast feather felt fence fender fennel fern ferry fiber fiddle field fiesta figure film filter
  finale finch finger fire fish flag flame flannel fleet flight flint flock floor floral flurry flute foam focus
  fondue forest fort fossil freckle freight fresco friday fringe frog frost fruit fudge fuel fuse gadget galaxy gallon
  game gander garage garden garlic garnet gather gazelle gecko geese genie geyser giant gift giraffe glacier glass
  glider globe glue goblet goggle gold gondola goose gopher gorge grain granite grape gravel green grid grill group
  grove guava guide guitar gully habit haddock haiku halo hamlet hammer hamster harp harvest hawk hazel heart hedge
  helium helmet hemlock herald herb heron herring hiker hill hippo hobby hockey holly honey hoof hope horizon hornet
  hostel hound house humor hurdle husky hyena ibex icicle idea igloo iguana image impala income index indigo indoor
  infant inlet input insect invite iris iron island item ivory jacket jade jaguar january jasmine jaunt javelin jazz
  jeep jelly jersey jester jewel jigsaw jogger juice july jumbo jungle juniper kale karate karma kayak kelp kelvin
  kettle keyhole keypad kidney kilt kimchi kimono kindle kiosk kitchen kite kitten kiwi knee koala label lace ladder
  lagoon lamp lantern laptop lark lasso latch laurel lava lawyer leader leaf league legacy legend lemon lens lentil
  leopard letter lever lichen lilac lily lime linen lion liquid lizard lobster locket locust lodge lotus lumber lunar
  lunch lupine luxury lyric machine magma magnet magpie mammal mango manor maple marble march margin marina market
  marmot marvel mascot mask meadow melody memory mentor menu mercury mermaid mesa meteor method metro milk mimosa
  mineral minnow mint minute mirror mixer mobile mocha model module mohair mole moment monarch monday month moon
  morsel mosaic moss motor movie muesli muffin mural museum music mustang myrtle napkin nation nature navy nebula
  nectar needle neon nephew nest nickel nimbus noble nomad noodle north nougat novel nozzle nugget nurse nutmeg nylon
  oasis object oblong oboe ocean ocelot octave october office offset okra olive omelet onion onset onyx opal opener
  opera orange orbit orchid oregano organ origin oriole osprey ostrich otter outfit outlaw oven oxbow oxide oxygen
  oyster paddle pagoda paint palace pancake panda panel pantry papaya paper parade parcel parent parka parrot parsley
  pasta patio patrol peach peanut pearl pebble pecan pelican pencil penguin peony pepper perfume person phone photo
  piano piccolo pickle picnic pigeon pillow pilot pine pinto pioneer pitcher pixel pizza planet plate player plaza
  pledge plow plume podium poem polar pollen poncho pond popcorn poppy porch portal possum poster potato pottery
  powder prairie prawn primer prism prize proton public pulley puma pupil puppet purple puzzle python quail quake
  quarry quest quiche quill quince quiver quokka quorum quota radar radio rafter raisin ramble rapid rattle raven
  ravine razor realm recipe record reef region relay relic remedy rescue resort rhino rhythm ribbon rice ripple rivet
  robin robot rodeo roller room royal rubber ruby rudder ruler rumba runner runway saber safari saga sailor salad
  salmon salsa salt salute sample sandal satin saturn scale scarf school scout screw scroll seal season secret senate
  sensor sequin sesame seven shadow shanty shark shawl sheep shelf shield ship shirt shore shovel shower shrub signal
  silo silver siren sister sketch slalom sled sleeve slogan sloop sloth smile snack snail snake snow soap soccer soda
  sonar song sorbet south space spear speech spider spike spiral splash sponge spoon spring sprout spruce spur squad
  stable stag stamp statue steam step stereo stick sting stitch stone stork straw street stucco studio suburb subway
  sugar summer sunset supper survey sushi swan swatch swift syrup tabby tablet tactic talent talon tandem tank tapir
  target tartan tassel teacup teapot tempo tennis tenor tent theory thorn thread thumb tiara ticket tidal tiger tile
  timber tinsel tissue titan toga token tomato tongs topaz topic torque totem toucan towel town trail tram treaty tree
  tribe trio trophy trout truck tuba tulip tundra tunic tunnel turbo turnip turtle tuxedo tweed twelve twig twine
  twist ultra uncle unity upland urban urchin usher vacuum valley valve vapor vase vault vector vellum velvet vendor
  venus verse vertex vessel video viking viola virtue visor vista vocal voice voyage wafer waffle wagon waiter walnut
  walrus waltz wand washer wasp wharf whirl white widget window winter wisdom wolf wombat wonder wool world wreath
  wrench wrist yacht yard yellow yogurt zebra zenith zephyr zero zigzag zipper zircon zither zodiac zone
`
  .trim()
  .split(/\s+/);
