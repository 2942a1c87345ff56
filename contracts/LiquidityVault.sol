// SPDX-License-Identifier: MIT
pragma solidity 0.8.35;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ERC4626} from "@openzeppelin/contracts/token/ERC20/extensions/ERC4626.sol";
import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {ILiquidityVault, PoolRequest} from "./interfaces/ILiquidityVault.sol";
import {IMarketFactory} from "./interfaces/IMarketFactory.sol";
import {TokenScale} from "./libraries/TokenScale.sol";
import {WadMath} from "./libraries/WadMath.sol";
import {PoolRequests} from "./pool/PoolRequests.sol";
import {Queue, RequestQueue} from "./pool/RequestQueue.sol";
import {SETTLED} from "./types/Market.sol";
import {MarketParameters} from "./types/MarketParameters.sol";

/// @title LiquidityVault
/// @notice The pool of a market: fulfils what its slices take in. See {ILiquidityVault}.
contract LiquidityVault is PoolRequests, IERC165 {
    using Math for uint256;
    using RequestQueue for Queue;
    using SafeCast for uint256;
    using WadMath for uint256;

    /// @dev The pool while requests are fulfilled at one price.
    struct Fulfilment {
        /// @dev [WAD quote]
        uint256 cash;
        /// @dev [WAD quote]
        uint256 reserved;
        /// @dev What the pool owes traders at that price, less dues that could not be swept [± WAD quote].
        int256 claimOnPool;
        /// @dev [shares]
        uint256 supply;
        /// @dev [token]
        uint256 owedToken;
        /// @dev Keeper's fees so far [token].
        uint256 feeToken;
        /// @dev Nothing is left but cash: deposits go back, redeems fulfil without a price.
        bool settled;
    }

    /// @dev ERC-165 ids that the standards name: ERC-7540 operators, deposits and redeems, ERC-7575.
    bytes4 private constant _OPERATORS_ID = 0xe3bc4e65;
    bytes4 private constant _ASYNC_DEPOSIT_ID = 0xce3bbe50;
    bytes4 private constant _ASYNC_REDEEM_ID = 0x620ee8e4;
    bytes4 private constant _SHARE_ID = 0x2f0a18c5;

    constructor()
        ERC20(
            string.concat("Bulkhead ", _deploymentOf(msg.sender).label),
            string.concat("bh", _deploymentOf(msg.sender).label)
        )
        ERC4626(IERC20(_deploymentOf(msg.sender).collateralToken))
    {}

    /// @notice Takes what a price proof did not cost back from the MarginVault.
    receive() external payable onlyMarginVault {}

    /// @inheritdoc ILiquidityVault
    function fulfillDeposits(
        uint256 maxCount,
        bytes calldata proof,
        address feeReceiver
    ) external payable returns (uint256 count, uint256 feeToken) {
        Fulfilment memory pool = _begin(proof, feeReceiver);
        uint256 supply = pool.supply;
        for (; count < maxCount; ++count) {
            (uint256 requestNumber, PoolRequest memory request) = _deposits.due(_depositDelay);
            if (requestNumber == 0) break;
            _deposits.remove(requestNumber, request);
            _fulfillDeposit(pool, requestNumber, request);
        }
        if (pool.supply != supply) _mint(address(this), pool.supply - supply);
        feeToken = _end(pool, count, feeReceiver);
    }

    /// @inheritdoc ILiquidityVault
    function fulfillRedeems(
        uint256 maxCount,
        bytes calldata proof,
        address feeReceiver
    ) external payable returns (uint256 count, uint256 feeToken) {
        Fulfilment memory pool = _begin(proof, feeReceiver);
        uint256 supply = pool.supply;
        bool served = true;
        while (served && count < maxCount) {
            (uint256 requestNumber, PoolRequest memory request) = _redeems.due(_redeemDelay);
            if (requestNumber == 0) break;
            served = _fulfillRedeem(pool, requestNumber, request);
            if (served) ++count;
        }
        if (pool.supply != supply) _burn(address(this), supply - pool.supply);
        feeToken = _end(pool, count, feeReceiver);
    }

    /// @inheritdoc IERC165
    function supportsInterface(bytes4 interfaceId) external pure returns (bool) {
        return
            interfaceId == type(IERC165).interfaceId ||
            interfaceId == _OPERATORS_ID ||
            interfaceId == _ASYNC_DEPOSIT_ID ||
            interfaceId == _ASYNC_REDEEM_ID ||
            interfaceId == _SHARE_ID;
    }

    /// @dev Locks the market. Dues arrive in between, so cash is read afterwards.
    function _begin(bytes calldata proof, address feeReceiver) private returns (Fulfilment memory pool) {
        require(feeReceiver != address(0), ZeroAddress());
        (uint256 price, uint64 observedAt) = _marginVault.beginFulfilment{value: msg.value}(proof, _settleGrace);
        pool.cash = _cash;
        pool.reserved = _reserved;
        pool.claimOnPool = _claimOnPool(_marginVault.market(), price);
        pool.supply = totalSupply();
        pool.owedToken = _owedToken;
        pool.settled = observedAt == SETTLED;
        emit RequestsPriced(_nextSequence(), price, observedAt, _assetsOf(pool), pool.supply);
    }

    /// @dev Stores what changed, pays the keeper, and unlocks the market.
    function _end(Fulfilment memory pool, uint256 count, address feeReceiver) private returns (uint256 feeToken) {
        require(count != 0, NothingFulfilled());
        _cash = pool.cash.toUint128();
        _owedToken = pool.owedToken.toUint128();
        feeToken = pool.feeToken;
        _payOrDefer(feeReceiver, feeToken);
        _marginVault.endFulfilment(pool.cash, pool.reserved);
        // Ether forced upon this contract must not fail a keeper that sent none and can receive none.
        uint256 left = msg.value == 0 ? 0 : address(this).balance;
        if (left != 0) Address.sendValue(payable(msg.sender), left);
    }

    function _fulfillDeposit(Fulfilment memory pool, uint256 requestNumber, PoolRequest memory request) private {
        address controller = request.controller;
        uint256 fee = _requestFeeToken;
        uint256 assets = request.amount - fee;
        _pendingAssets[controller] -= request.amount;
        pool.feeToken += fee;
        pool.owedToken -= fee;

        uint256 net = _netAssets(pool.cash, pool.claimOnPool);
        uint256 shares = _sharesFor(assets, net / _scale, pool.supply, Math.Rounding.Floor);
        // A pool that has all but lost its cash is no price to join at: shares would be minted without measure.
        if (pool.settled || shares == 0 || net < pool.cash.mulWadUp(_minNavRatio)) {
            claimable[controller] += assets;
            emit DepositRefunded(requestNumber, controller, _nextSequence(), assets, fee);
            return;
        }
        pool.owedToken -= assets;
        pool.cash += TokenScale.toWad(assets, _scale);
        pool.supply += shares;
        _depositClaims[controller].assets += assets;
        _depositClaims[controller].shares += shares;
        emit DepositFulfilled(requestNumber, controller, _nextSequence(), assets, shares, fee);
    }

    /// @dev Not served, and nothing done, while free liquidity is too little.
    function _fulfillRedeem(
        Fulfilment memory pool,
        uint256 requestNumber,
        PoolRequest memory request
    ) private returns (bool served) {
        uint256 poolAssets = _assetsOf(pool);
        uint256 fee = request.feePaid ? 0 : _requestFeeToken;
        uint256 shares = request.amount;
        uint256 assets = _assetsFor(shares, poolAssets, pool.supply, Math.Rounding.Floor);
        if (assets <= fee) {
            _returnRedeem(requestNumber, request);
            return true;
        }
        uint256 free = _freeToken(pool);
        if (assets > free) {
            // Fills too small for a keeper would only cost the controller its rounding.
            if (free <= _requestFeeToken) return false;
            assets = free;
            shares = _sharesFor(assets, poolAssets, pool.supply, Math.Rounding.Ceil);
        }
        _takeShares(requestNumber, request, shares);
        pool.supply -= shares;
        pool.cash -= TokenScale.toWad(assets, _scale);
        pool.feeToken += fee;
        pool.owedToken += assets - fee;
        _redeemClaims[request.controller].assets += assets - fee;
        _redeemClaims[request.controller].shares += shares;
        emit RedeemFulfilled(
            requestNumber,
            request.controller,
            _nextSequence(),
            shares,
            assets - fee,
            fee,
            request.amount - shares
        );
        return true;
    }

    /// @dev Shrinks a request in its place, or takes it out when nothing is left of it.
    function _takeShares(uint256 requestNumber, PoolRequest memory request, uint256 shares) private {
        _pendingShares[request.controller] -= shares;
        if (shares == request.amount) {
            _redeems.remove(requestNumber, request);
            return;
        }
        PoolRequest storage stored = _redeems.requests[requestNumber];
        stored.amount = uint128(request.amount - shares);
        stored.feePaid = true;
    }

    /// @dev A request that lost its worth while it waited must neither hold up others nor burn for nothing.
    function _returnRedeem(uint256 requestNumber, PoolRequest memory request) private {
        _takeShares(requestNumber, request, request.amount);
        emit RedeemReturned(requestNumber, request.controller, _nextSequence(), request.amount);
        _transfer(address(this), request.controller, request.amount);
    }

    /// @dev What may leave while reserves stay within `maxUtilization` of the cash that remains [token].
    function _freeToken(Fulfilment memory pool) private view returns (uint256) {
        uint256 bound = pool.reserved.divWadUp(_maxUtilization);
        return pool.cash > bound ? (pool.cash - bound) / _scale : 0;
    }

    function _assetsOf(Fulfilment memory pool) private view returns (uint256) {
        return _netAssets(pool.cash, pool.claimOnPool) / _scale;
    }

    function _deploymentOf(address factory) private view returns (MarketParameters memory parameters_) {
        (parameters_, ) = IMarketFactory(factory).deployment();
    }
}
