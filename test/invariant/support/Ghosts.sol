// SPDX-License-Identifier: MIT
pragma solidity 0.8.35;

/// @dev How often something was tried and succeeded; with a refusal, how often it was refused with that one.
struct Tally {
    string name;
    bytes4 refusal;
    uint256 tried;
    uint256 done;
}

/// @title Ghosts
/// @notice What the contracts do not store, and the laws are measured against.
contract Ghosts {
    /// @dev Indices as they would stand if nobody had ever poked: they move only where a rate changes.
    struct Twin {
        int256 fundingIndex;
        int256 borrowIndex;
        int256 fundingVelocity;
        int256 borrowRate;
        uint256 accruedAt;
    }

    /// @notice The first breach of each law that an action saw; empty while it holds.
    mapping(uint256 law => string what) public breachOf;
    /// @notice Whether any law was broken.
    bool public broken;
    /// @dev Place in `_tallies`, counted from 1.
    mapping(bytes32 key => uint256 place) private _places;
    Tally[] private _tallies;

    /// @notice Tokens made for an account, and those that others added to its positions [token].
    mapping(address account => uint256 amountToken) public paidIn;
    /// @notice Reserve ever added to positions of an account [WAD quote].
    mapping(address account => uint256 reserve) public reserveAdded;
    mapping(uint256 positionId => uint256 reserve) public reserveAddedTo;
    /// @notice What the pool has gained less what it has paid, by single actions on a position [± WAD quote].
    mapping(uint256 positionId => int256 net) public poolNetOf;
    /// @notice Tokens given to a contract [token].
    mapping(address account => uint256 amountToken) public donated;
    /// @notice Pool shares sent to the pool itself [shares].
    uint256 public donatedShares;
    uint256 public clock;

    address[] private _accounts;
    mapping(address account => bool known) private _known;
    address[] private _providers;
    mapping(address account => bool known) private _provides;
    Twin private _twin;

    function breach(uint256 law, string calldata what) external {
        if (bytes(breachOf[law]).length == 0) breachOf[law] = what;
        broken = true;
    }

    function tried(string calldata name) external {
        ++_tallyOf(name, 0).tried;
    }

    function done(string calldata name) external {
        ++_tallyOf(name, 0).done;
    }

    function refused(string calldata name, bytes4 refusal) external {
        ++_tallyOf(name, refusal).tried;
    }

    /// @notice Remembers an account that may hold, or be owed, tokens.
    function register(address account) external {
        if (_known[account]) return;
        _known[account] = true;
        _accounts.push(account);
    }

    /// @notice Remembers an account that may hold shares, or have requests. Whoever is forgotten shows: sums fall short.
    function registerProvider(address account) external {
        if (_provides[account]) return;
        _provides[account] = true;
        _providers.push(account);
    }

    function addPaidIn(address account, uint256 amountToken) external {
        paidIn[account] += amountToken;
    }

    function addReserve(address account, uint256 positionId, uint256 reserve) external {
        reserveAdded[account] += reserve;
        reserveAddedTo[positionId] += reserve;
    }

    /// @notice What an account may yet get out of a position that was handed to it [WAD quote].
    function addPromised(address account, uint256 amount) external {
        reserveAdded[account] += amount;
    }

    function addPoolNet(uint256 positionId, int256 net) external {
        poolNetOf[positionId] += net;
    }

    function addDonated(address account, uint256 amountToken) external {
        donated[account] += amountToken;
    }

    function addDonatedShares(uint256 shares) external {
        donatedShares += shares;
    }

    function setClock(uint256 clock_) external {
        clock = clock_;
    }

    function setTwin(Twin calldata twin_) external {
        _twin = twin_;
    }

    function twin() external view returns (Twin memory) {
        return _twin;
    }

    function accounts() external view returns (address[] memory) {
        return _accounts;
    }

    function providers() external view returns (address[] memory) {
        return _providers;
    }

    function tallies() external view returns (Tally[] memory) {
        return _tallies;
    }

    function _tallyOf(string calldata name, bytes4 refusal) private returns (Tally storage) {
        bytes32 key = keccak256(abi.encodePacked(name, refusal));
        uint256 place = _places[key];
        if (place == 0) {
            _tallies.push(Tally(name, refusal, 0, 0));
            _places[key] = place = _tallies.length;
        }
        return _tallies[place - 1];
    }
}
